"""What the builders of several modules share, and what counts the parameters of what they build."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from course_lib._sizes import positive

Triple = tuple[keras.Model, keras.Model, keras.Model]


def hidden_widths(hidden_units: int | Sequence[int]) -> list[int]:
    """The widths of the hidden layers as a list, of one width or several.

    Raises:
        ValueError: if one is not a positive integer.
    """
    widths = list(hidden_units) if isinstance(hidden_units, (list, tuple)) else [hidden_units]
    return [positive("hidden_units", width) for width in widths]


def join(encoder: keras.Model, decoder: keras.Model, name: str) -> Triple:
    """Encoder, decoder, and the model that is one after the other; all three hold the same layers."""
    inputs = keras.Input(encoder.input_shape[1:], name="image")
    return encoder, decoder, keras.Model(inputs, decoder(encoder(inputs)), name=name)


def parameter_count(model: keras.Model) -> int:
    """Numbers that training can change."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
