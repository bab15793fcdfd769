"""Losses that the lessons introduce: backend tensors in and out, sums over pixels and latents, means over the batch."""

from __future__ import annotations
