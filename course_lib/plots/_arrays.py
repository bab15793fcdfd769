"""Checking what comes into a figure: what does not fit is refused with its name, what came and what was expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def as_array(values: object, argument: str, ndim: int | None = None, expected: str = "") -> np.ndarray:
    """A float64 array; backend tensors are welcome, anything ragged or of another rank is named and refused."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{argument}: expected numbers {expected}, received {type(values).__name__}") from error
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{argument}: expected {expected or f'{ndim} dimensions'}, received shape {array.shape}")
    return array


def as_image(image: object, argument: str, value_range: tuple[float, float]) -> np.ndarray:
    """One picture as (height, width) or (height, width, 3) floats within ``value_range``."""
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] not in (3, 4)) or 0 in array.shape:
        raise ValueError(
            f"{argument}: expected one image of shape (height, width), (height, width, 1) or (height, width, 3), "
            f"received shape {array.shape}"
        )
    if array.dtype == np.uint8:
        return array / 255.0
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{argument}: expected uint8 or floats in {list(value_range)}, received dtype {array.dtype}")
    low, high = value_range
    return np.clip(array.astype(float), low, high)


def as_images(images: object, argument: str, value_range: tuple[float, float]) -> list[np.ndarray]:
    """Several pictures, each as :func:`as_image` gives it; one image alone or flat pixels are refused."""
    shape = getattr(images, "shape", None)
    if shape is not None and len(shape) == 2:
        raise ValueError(
            f"{argument}: expected several images, shape (n, height, width) or (n, height, width, channels), received "
            f"shape {tuple(shape)}; for one image write [image], for flat pixels reshape them to (n, height, width)"
        )
    pictures = [as_image(image, f"{argument}[{i}]", value_range) for i, image in enumerate(images)]
    if not pictures:
        raise ValueError(f"{argument}: expected at least one image, received none")
    return pictures


def check_length(values: Sequence | None, argument: str, count: int, of: str) -> None:
    """Refuse ``values`` of another length than ``count``; None stands for an argument that was not given."""
    if values is not None and len(values) != count:
        raise ValueError(f"{argument}: expected {count} entries, one for each of {of}, received {len(values)}")
