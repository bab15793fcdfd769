"""A right answer to the exercise of lesson 00, by another road."""

import numpy as np


def to_unit_range(images):
    table = np.linspace(0, 1, 256, dtype=np.float32)  # one number for each grey level
    return table[images]
