"""Layers that the lessons introduce. They run on every backend of Keras and hold their own seeds."""

from __future__ import annotations
