import math

import numpy as np
import pytest

from course_lib import metrics


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.random((6, 5, 4), dtype=np.float32), rng.random((6, 5, 4), dtype=np.float32)


def test_mse_is_the_mean_of_squared_differences(images):
    x, y = images
    assert metrics.mse(x, y) == pytest.approx(np.mean((x.astype(float) - y) ** 2))
    assert metrics.mse(x, x) == 0.0


def test_mse_of_bytes_does_not_wrap_around():
    dark, bright = np.full((2, 3), 0, np.uint8), np.full((2, 3), 255, np.uint8)
    assert metrics.mse(dark, bright) == metrics.mse(bright, dark) == 255.0**2


def test_bytes_and_floats_are_never_compared(images):
    x, _ = images
    with pytest.raises(ValueError, match=r"x has dtype uint8 .* divide"):
        metrics.mse((x * 255).astype(np.uint8), x)


def test_half_precision_is_widened_before_squaring():
    x = np.full((1, 4), 300, np.float16)
    assert metrics.mse(x, np.zeros_like(x)) == 90_000.0


@pytest.mark.parametrize("score", [metrics.mse, metrics.mse_per_image, metrics.psnr, metrics.explained_variance])
def test_a_wrong_shape_is_named(score, images):
    x, y = images
    with pytest.raises(ValueError, match=r"x has \(6, 5, 4\) and y has \(6, 5\)"):
        score(x, y[..., 0])


def test_an_empty_array_or_text_is_refused():
    with pytest.raises(ValueError, match="empty"):
        metrics.mse(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="dtype"):
        metrics.mse(np.array(["a"]), np.array(["a"]))


def test_mse_per_image_averages_to_mse_over_every_axis_but_the_first(images):
    x, y = images
    errors = metrics.mse_per_image(x, y)
    assert errors.shape == (6,)
    assert errors[2] == pytest.approx(metrics.mse(x[2], y[2]))
    assert errors.mean() == pytest.approx(metrics.mse(x, y))
    with pytest.raises(ValueError, match="two axes"):
        metrics.mse_per_image(x[0, 0], y[0, 0])


def test_psnr_converts_the_error_of_the_whole_set_not_each_image():
    x = np.zeros((2, 10))
    y = np.stack([np.full(10, 0.1), np.full(10, 0.5)])
    assert metrics.psnr(x, y) == pytest.approx(10 * math.log10(1 / 0.13))
    assert metrics.psnr(x, x) == math.inf


def test_psnr_refuses_what_is_not_in_the_unit_interval(images):
    x, y = images
    with pytest.raises(ValueError, match=r"y must lie in .* clip01"):
        metrics.psnr(x, y + 1)
    with pytest.raises(ValueError, match="uint8"):
        metrics.psnr((x * 255).astype(np.uint8), (x * 255).astype(np.uint8))
    with pytest.raises(ValueError, match="y must lie"):
        metrics.psnr(x, np.full_like(x, np.nan))


def test_psnr_from_mse_scales_with_the_square_of_the_peak():
    assert metrics.psnr_from_mse(0.01) == pytest.approx(20.0)
    assert metrics.psnr_from_mse(0.01 * 255**2, peak=255) == pytest.approx(20.0)
    for error in (-1e-9, float("nan")):
        with pytest.raises(ValueError, match="error"):
            metrics.psnr_from_mse(error)
    with pytest.raises(ValueError, match="peak"):
        metrics.psnr_from_mse(0.1, peak=0)


def test_clip01_cuts_and_refuses_bytes():
    assert metrics.clip01(np.array([-1.0, 0.25, 2.0])).tolist() == [0.0, 0.25, 1.0]
    with pytest.raises(ValueError, match="uint8"):
        metrics.clip01(np.array([3], np.uint8))


def test_compression_counts_bits_not_numbers():
    assert metrics.code_bits(32) == metrics.code_bits((4, 8)) == 1024
    assert metrics.compression_ratio((28, 28), 32) == 6.125
    assert metrics.compression_ratio((28, 28), (32,), number_bits=8) == 24.5
    assert metrics.compression_ratio((28, 28), (8, 8, 25)) < 1
    for shape in (0, (3, -1), (), (2.5,)):
        with pytest.raises(ValueError, match="code_shape"):
            metrics.code_bits(shape)


def test_explained_variance_is_one_for_a_copy_and_zero_for_the_mean(images):
    x, _ = images
    x = x.astype(np.float64)
    assert metrics.explained_variance(x, x) == 1.0
    assert metrics.explained_variance(x, np.broadcast_to(x.mean(0), x.shape)) == pytest.approx(0.0, abs=1e-12)
    assert metrics.explained_variance(x, 1 - x) < 0
    assert metrics.explained_variance(x, x + 0.1, mean=np.zeros((5, 4))) == pytest.approx(1 - 0.01 / np.mean(x**2))
    with pytest.raises(ValueError, match="mean"):
        metrics.explained_variance(x, x, mean=np.zeros(4))
    with pytest.raises(ValueError, match="variance"):
        metrics.explained_variance(np.ones((3, 2)), np.ones((3, 2)))


def test_precision_at_k_agrees_with_counting_by_hand_and_with_chance():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    codes = np.eye(4)[labels] * 10 + rng.normal(size=(400, 4))
    assert metrics.precision_at_k(codes[:300], labels[:300], codes[300:], labels[300:]) > 0.99
    shuffled = rng.permutation(labels)
    assert metrics.precision_at_k(codes[:300], shuffled[:300], codes[300:], shuffled[300:]) == pytest.approx(
        0.25, abs=0.06
    )
    gallery = np.array([[0.0], [1.0], [5.0]])
    assert metrics.precision_at_k(gallery, np.array([0, 1, 0]), np.array([[0.2]]), np.array([0]), k=2) == 0.5
    each = metrics.precision_of_queries(gallery, np.array([0, 1, 0]), np.array([[0.2], [0.2]]), np.array([0, 1]), k=1)
    assert each.shape == (2,) and sorted(each) == [0, 1]  # one neighbour: right for one of the two labels
    with pytest.raises(ValueError, match="k must lie"):
        metrics.precision_at_k(gallery, np.array([0, 1, 0]), np.array([[0.2]]), np.array([0]), k=4)
    with pytest.raises(ValueError, match="gallery_labels"):
        metrics.precision_at_k(gallery, np.array([0, 1]), np.array([[0.2]]), np.array([0]), k=1)
    with pytest.raises(ValueError, match="shapes"):
        metrics.precision_at_k(gallery, np.array([0, 1, 0]), np.array([[0.2, 1.0]]), np.array([0]), k=1)
