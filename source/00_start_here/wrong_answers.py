"""Wrong answers to the exercise of lesson 00, each with the misconception that its check must name."""

import numpy as np

from authoring.bank import wrong


@wrong("integer-division")
def to_unit_range(images):
    return (images // 255).astype(np.float32)


@wrong("integer-division")
def to_unit_range(images):
    return (images / 255).astype(images.dtype)


@wrong("stretches-each-image")
def to_unit_range(images):
    low = images.min(axis=(1, 2), keepdims=True).astype(np.float32)
    high = images.max(axis=(1, 2), keepdims=True).astype(np.float32)
    return (images - low) / (high - low)


@wrong("stretches-each-image")
def to_unit_range(images):
    return np.stack([image.astype(np.float32) / image.max() for image in images])


@wrong("stretches-the-set")
def to_unit_range(images):
    return images.astype(np.float32) / images.max()


@wrong("divides-by-the-number-of-levels")
def to_unit_range(images):
    return images.astype(np.float32) / 256


@wrong("not-scaled")
def to_unit_range(images):
    return images.astype(np.float32)


@wrong("minus-one-to-one")
def to_unit_range(images):
    return images.astype(np.float32) / 127.5 - 1


@wrong("inverted")
def to_unit_range(images):
    return 1 - images.astype(np.float32) / 255


@wrong("wrong-dtype")
def to_unit_range(images):
    return images / 255


@wrong("wrong-shape")
def to_unit_range(images):
    return images.reshape(len(images), -1).astype(np.float32) / 255


@wrong("wrong-values")
def to_unit_range(images):
    return np.round(images.astype(np.float32) / 255, 1)


@wrong("returned-nothing")
def to_unit_range(images):
    images.astype(np.float32) / 255


@wrong("standardises")
def to_unit_range(images):
    return ((images - images.mean()) / images.std()).astype(np.float32)


@wrong("looks-at-the-data")
def to_unit_range(images):
    scaled = images.astype(np.float32)
    return scaled / 255 if images.max() > 1 else scaled


@wrong("looks-at-the-data")
def to_unit_range(images):
    return images.astype(np.float32) / (255 if images.any() else 1) + np.float32(not images.any())


@wrong("wrong-values")
def to_unit_range(images):
    return (images.astype(np.float16) / 255).astype(np.float32)


@wrong("wrong-values")
def to_unit_range(images):
    return np.round(images.astype(np.float32) / 255, 4)


@wrong("batch-of-one")
def to_unit_range(images):
    return np.squeeze(images.astype(np.float32) / 255)
