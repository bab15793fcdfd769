"""Automatic checks of the exercises: a framework, and one module of judges a lesson."""
