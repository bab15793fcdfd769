"""Measurements of speed and quality, printed as tables; ``python -m bench`` runs them all."""
