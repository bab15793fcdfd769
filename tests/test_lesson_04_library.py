"""What lesson 04 adds to the library: corruptions, linear denoisers, networks that start from them, exact scores."""

import keras
import numpy as np
import pytest

from course_lib import datasets, layers, metrics, models, referees, training


@pytest.fixture(scope="module")
def pixels():
    """400 pictures of 6 x 6 correlated pixels in [0, 1], multiples of 1 / 255, as rows."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 36)) * 0.25 + 0.4
    return (np.rint(np.clip(smooth, 0, 1) * 255) / 255).astype(np.float32)


CORRUPTIONS = {
    "gaussian": lambda: layers.AddGaussianNoise(0.2, seed=1),
    "levels": lambda: layers.AddGaussianNoise((0.1, 0.4), clip=False, seed=1),
    "salt and pepper": lambda: layers.SaltAndPepper(0.3, seed=1),
    "masking": lambda: layers.MaskPixels(0.4, seed=1),
    "block": lambda: layers.MissingBlock(3, seed=1),
}


@pytest.mark.backends
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_corruption_is_fresh_in_each_step_and_off_outside_of_training(kind):
    x = np.random.default_rng(0).uniform(0.1, 0.9, (50, 6, 6, 1)).astype(np.float32)
    layer = CORRUPTIONS[kind]()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), x)
    first, second = (keras.ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    assert first.shape == x.shape
    assert not np.allclose(first, second)
    assert not np.allclose(first, x)
    np.testing.assert_allclose(CORRUPTIONS[kind]().sample(x), first, atol=1e-6)  # the seed repeats it


@pytest.mark.backends
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_model_with_a_corruption_is_saved_and_loaded(kind, tmp_path):
    picture = keras.Input((6, 6, 1))
    model = keras.Model(picture, keras.layers.Conv2D(1, 3, padding="same")(CORRUPTIONS[kind]()(picture)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).uniform(size=(3, 6, 6, 1)).astype(np.float32)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.backends
def test_corruptions_do_what_their_names_say():
    grey = np.full((400, 10, 10, 1), 0.5, np.float32)
    noisy = layers.AddGaussianNoise(0.1, seed=2).sample(grey)
    assert abs(noisy.mean() - 0.5) < 0.002
    assert abs(noisy.std() - 0.1) < 0.002
    black = layers.AddGaussianNoise(0.1, seed=2).sample(0 * grey)
    assert black.min() == 0
    assert abs(black.mean() - 0.1 / np.sqrt(2 * np.pi)) < 0.001
    spoiled = layers.SaltAndPepper(0.2, seed=3).sample(grey)
    for value in (0, 1):
        assert abs(np.mean(spoiled == value) - 0.1) < 0.01
    masked = layers.MaskPixels(0.3, seed=4).sample(grey)
    assert abs(np.mean(masked == 0) - 0.3) < 0.01
    assert set(np.unique(masked)) == {0.0, 0.5}
    block = layers.MissingBlock(4, seed=5).sample(grey)[..., 0] == 0
    assert (block.sum(axis=(1, 2)) == 16).all()
    assert (block.any(axis=1).sum(axis=1) == 4).all()
    assert block[:, 0].any() and block[:, -1].any(), "blocks reach the edges"
    noisy, level = layers.AddGaussianNoise((0.1, 0.4), clip=False, with_level=True, seed=6)(grey, training=True)
    spread = (keras.ops.convert_to_numpy(noisy) - grey).reshape(400, -1).std(axis=1)
    level = keras.ops.convert_to_numpy(level)
    assert level.shape == (400, 1)
    assert np.corrcoef(spread, level[:, 0])[0, 1] > 0.95
    assert level.min() >= 0.1 and level.max() <= 0.4


def test_corruptions_say_what_they_expect():
    for make, words in (
        (lambda: layers.AddGaussianNoise(-1), "sigma"),
        (lambda: layers.AddGaussianNoise((0.5, 0.1)), "rising"),
        (lambda: layers.SaltAndPepper(1.5), "share"),
        (lambda: layers.MaskPixels(-0.1), "share"),
        (lambda: layers.MissingBlock(0), "size"),
        (lambda: layers.MissingBlock(9)(np.zeros((2, 6, 6, 1), np.float32)), "at least 9 pixels"),
        (lambda: layers.LevelBlend([0.2, 0.1]), "rising"),
        (lambda: layers.LinearStart("x"), "target"),
        (lambda: layers.LinearStart("clean", 0), "variance"),
    ):
        with pytest.raises(ValueError, match=words):
            make()


def test_the_moments_of_clipped_noise_are_those_of_many_draws():
    clean = np.array([0.0, 0.1, 0.5, 0.95, 1.0])
    draws = np.clip(clean + 0.3 * np.random.default_rng(0).standard_normal((400_000, 5)), 0, 1)
    mean, variance = referees.clipped_noise_moments(clean, 0.3)
    np.testing.assert_allclose(mean, draws.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(variance, draws.var(axis=0), atol=1e-3)
    assert referees.clipped_noise_moments(np.zeros(1), 0.2)[0][0] == pytest.approx(0.2 / np.sqrt(2 * np.pi), abs=1e-6)
    table = referees.clipped_noise_moments(np.tile(np.arange(256) / 255, 2), 0.3)[0]  # bytes take the short way
    np.testing.assert_allclose(table[:256:51], referees.clipped_noise_moments(np.arange(0, 256, 51) / 255, 0.3)[0])


@pytest.mark.parametrize("kind", ["clipped", "white", "masked", "salt and pepper"])
def test_closed_forms_agree_with_least_squares_on_many_draws(kind, pixels):
    rng = np.random.default_rng(1)
    many = np.tile(pixels, (400, 1)).astype(np.float64)
    if kind == "masked":
        noisy, exact = many * (rng.random(many.shape) > 0.3), referees.masked_denoiser(pixels, 0.3)
    elif kind == "salt and pepper":
        drawn = rng.random(many.shape)
        noisy = np.where(drawn < 0.1, 1.0, np.where(drawn > 0.9, 0.0, many))
        exact = referees.salt_and_pepper_denoiser(pixels, 0.2)
    else:
        noisy = many + 0.2 * rng.standard_normal(many.shape)
        exact = referees.wiener_filter(pixels, 0.2)
        if kind == "clipped":
            noisy, exact = np.clip(noisy, 0, 1), referees.clipped_noise_denoiser(pixels, 0.2)
    fitted = referees.fit_affine_denoiser(many, noisy)
    np.testing.assert_allclose(exact(pixels), fitted(pixels), atol=0.02)
    assert np.square(fitted(noisy) - many).mean() <= np.square(exact(noisy.astype(np.float32)) - many).mean() + 1e-6


def test_the_affine_fit_leaves_errors_that_no_input_explains(pixels):
    noisy = (pixels + 0.1 * np.random.default_rng(2).standard_normal(pixels.shape)).astype(np.float64)
    errors = referees.fit_affine_denoiser(pixels.astype(np.float64), noisy)(noisy) - pixels
    np.testing.assert_allclose(errors.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(noisy.T @ errors / len(noisy), 0, atol=1e-6)


def test_the_wiener_filter_has_its_limits(pixels):
    np.testing.assert_allclose(referees.wiener_filter(pixels, 1e3)(pixels), pixels.mean(axis=0) + 0 * pixels, atol=1e-3)
    wide = np.random.default_rng(3).normal(size=(500, 4))
    np.testing.assert_allclose(referees.wiener_filter(wide, 1e-4)(wide), wide, atol=1e-5)


def test_linear_denoisers_say_what_they_expect(pixels):
    for call, words in (
        (lambda: referees.wiener_filter(pixels, 0), "sigma"),
        (lambda: referees.clipped_noise_denoiser(pixels + 1, 0.1), r"\[0, 1\]"),
        (lambda: referees.fit_affine_denoiser(pixels[:5], pixels[:6]), "pairs"),
        (lambda: referees.fit_affine_denoiser(pixels[:20], pixels[:20]), "at least 37 pairs"),
        (lambda: referees.masked_denoiser(pixels, 1.0), "share"),
        (lambda: referees.salt_and_pepper_denoiser(pixels, -0.1), "share"),
        (lambda: referees.wiener_filter(pixels, 0.1)(pixels[:, :5]), r"\(n, 36\)"),
        (lambda: referees.fill_missing(pixels, pixels, pixels[:3] > 0), "missing"),
        (lambda: referees.median_filter(pixels), "images"),
        (lambda: referees.median_filter(pixels.reshape(-1, 6, 6), 0), "size"),
        (lambda: referees.ring_score(pixels, 0.1), r"\(n, 2\)"),
        (lambda: referees.ring_radius(0.0), "sigma"),
        (lambda: datasets.ring(0, np.random.default_rng(0)), "n must be"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_missing_pixels_are_filled_with_their_conditional_mean():
    rng = np.random.default_rng(4)
    mixing = rng.normal(size=(4, 4))
    train = rng.normal(size=(50_000, 4)) @ mixing + 1
    missing = np.array([[False, True, False, False], [True, False, False, True]])
    known = train[:2].copy()
    known[missing] = np.nan_to_num(99.0)
    filled = referees.fill_missing(train, known, missing, ridge=1e-9)
    np.testing.assert_array_equal(filled[~missing], train[:2][~missing])
    regression = np.linalg.lstsq(np.column_stack([train[:, [0, 2, 3]], np.ones(len(train))]), train[:, 1], rcond=None)[
        0
    ]
    assert filled[0, 1] == pytest.approx(float(np.append(train[0, [0, 2, 3]], 1) @ regression), abs=1e-3)


def test_filters_work_on_each_picture_by_itself():
    stack = np.zeros((3, 8, 8, 1))
    stack[1, 4, 4] = 1
    assert not referees.gaussian_blur(stack, 1.0)[[0, 2]].any()
    assert referees.gaussian_blur(stack, 1.0)[1].sum() == pytest.approx(1, abs=0.02)
    assert not referees.median_filter(stack).any(), "a lonely bright pixel is removed"


def test_the_score_of_the_ring_is_the_gradient_of_its_density():
    rng = np.random.default_rng(5)
    x, sigma, step = rng.normal(size=(20, 2)), 0.4, 1e-4
    angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def log_density(x):
        return np.log(np.exp(-np.square(x[:, None] - circle).sum(axis=-1) / (2 * sigma**2)).mean(axis=1))

    gradient = np.stack(
        [(log_density(x + step * e) - log_density(x - step * e)) / (2 * step) for e in np.eye(2)], axis=1
    )
    np.testing.assert_allclose(referees.ring_score(x, sigma), gradient, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(referees.ring_score(np.zeros((1, 2)), sigma), 0)


def test_the_best_denoiser_shrinks_the_ring():
    radius = [referees.ring_radius(sigma) for sigma in (0.02, 0.1, 0.3, 0.6, 1.0)]
    np.testing.assert_allclose(radius[1:], [0.995, 0.954, 0.792, 0.446], atol=6e-4)
    assert (np.diff(radius) < 0).all()
    assert isinstance(radius[0], float)
    assert referees.ring_radius(0.5, np.array([0.0, 1.0])).shape == (2,)


def test_the_ring_is_a_uniform_circle():
    points = datasets.ring(20_000, np.random.default_rng(6))
    assert points.shape == (20_000, 2)
    assert points.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.cov(points.T), np.eye(2) / 2, atol=0.01)


@pytest.mark.backends
def test_a_denoiser_starts_at_its_linear_map_and_gets_better(pixels, tmp_path):
    training.set_seed(0)
    sigma = 0.2
    linear = referees.clipped_noise_denoiser(pixels, sigma)
    denoiser = models.build_denoiser(linear, image_shape=(6, 6), filters=8, depth=1)
    clean = pixels.reshape(-1, 6, 6, 1)
    noisy = layers.AddGaussianNoise(sigma, seed=5).sample(clean)
    before = denoiser.predict(noisy, verbose=0)
    np.testing.assert_allclose(before.reshape(-1, 36), linear(noisy.reshape(-1, 36)), atol=1e-5)
    corruption = layers.AddGaussianNoise(sigma, seed=6)
    training.fit_denoiser(denoiser, np.tile(clean, (10, 1, 1, 1)), corruption, epochs=4, learning_rate=5e-3)
    after = denoiser.predict(noisy, verbose=0)
    assert metrics.mse(clean, after) < metrics.mse(clean, before)
    kernel, _ = denoiser.get_layer("linear").get_weights()
    np.testing.assert_array_equal(kernel, linear.weights)  # the referee itself stays as it is
    denoiser.save(tmp_path / "denoiser.keras")
    loaded = keras.saving.load_model(tmp_path / "denoiser.keras")
    np.testing.assert_allclose(loaded.predict(noisy, verbose=0), after, atol=1e-5)
    scratch = models.build_denoiser(image_shape=(6, 6))
    np.testing.assert_allclose(scratch.predict(noisy, verbose=0), noisy, atol=1e-6)


@pytest.mark.backends
def test_a_level_denoiser_blends_the_maps_of_its_levels(pixels, tmp_path):
    training.set_seed(0)
    maps = {sigma: referees.clipped_noise_denoiser(pixels, sigma) for sigma in (0.1, 0.3)}
    model = models.build_level_denoiser(maps, image_shape=(6, 6), filters=4, depth=1)
    x = np.clip(pixels[:7] + 0.1, 0, 1)
    for sigma, expected in (
        (0.0, x),
        (0.1, maps[0.1](x)),
        (0.2, (maps[0.1](x) + maps[0.3](x)) / 2),
        (0.3, maps[0.3](x)),
        (0.9, maps[0.3](x)),
    ):
        got = model.predict([x.reshape(-1, 6, 6, 1), np.full((7, 1), sigma, np.float32)], verbose=0)
        np.testing.assert_allclose(got.reshape(7, 36), expected, atol=1e-5)
    corruption = layers.AddGaussianNoise((0.0, 0.3), with_level=True, seed=1)
    clean = pixels.reshape(-1, 6, 6, 1)
    run = training.fit_denoiser(model, clean, corruption, epochs=2)
    assert np.isfinite(run.loss).all()
    model.save(tmp_path / "levels.keras")
    loaded = keras.saving.load_model(tmp_path / "levels.keras")
    inputs = [clean[:5], np.full((5, 1), 0.2, np.float32)]
    np.testing.assert_allclose(loaded.predict(inputs, verbose=0), model.predict(inputs, verbose=0), atol=1e-5)


@pytest.mark.backends
@pytest.mark.parametrize("target", ["noise", "clean"])
def test_a_point_denoiser_starts_at_the_linear_answer_and_learns(target):
    training.set_seed(0)
    rng = np.random.default_rng(0)
    model = models.build_point_denoiser(target, hidden_units=32, depth=2)
    points, noise = datasets.ring(4096, rng), rng.standard_normal((4096, 2), dtype=np.float32)
    log_sigma = np.full((4096, 1), np.log(0.3), np.float32)
    x = points + 0.3 * noise
    total = 0.5 + 0.3**2
    expected = x * (0.3 / total if target == "noise" else 0.5 / total)
    np.testing.assert_allclose(model.predict([x, log_sigma], verbose=0), expected, atol=1e-5)
    answers = noise if target == "noise" else points
    before = metrics.mse(answers, expected)
    training.fit(model, [x, log_sigma], answers, epochs=3, batch_size=128, learning_rate=5e-3)
    assert metrics.mse(answers, model.predict([x, log_sigma], verbose=0)) < 0.9 * before


def test_builders_say_what_they_expect(pixels):
    linear = referees.wiener_filter(pixels, 0.1)
    for make, words in (
        (lambda: models.build_denoiser(linear), "784 pixels"),
        (lambda: models.build_denoiser(image_shape=(7, 6)), "even"),
        (lambda: models.build_denoiser(filters=0), "filters"),
        (lambda: models.build_level_denoiser({}), "positive noise levels"),
        (lambda: models.build_point_denoiser("x"), "target"),
    ):
        with pytest.raises(ValueError, match=words):
            make()


def test_langevin_with_the_exact_score_samples_the_ring():
    path = models.langevin_path(referees.ring_score, np.geomspace(1, 0.05, 10), 1000, rng=np.random.default_rng(0))
    assert len(path) == 11
    assert abs(path[0].std() - 1) < 0.05
    radius = np.linalg.norm(path[-1], axis=1)
    assert np.abs(radius - 1).mean() < 0.08
    np.testing.assert_allclose(path[-1].mean(axis=0), 0, atol=0.1)
    for options, words in (
        ({"levels": [0.1, 1.0]}, "falling"),
        ({"step_size": 0}, "step_size"),
        ({"samples": 0}, "samples"),
    ):
        arguments = {"levels": [1.0], "samples": 3, "rng": np.random.default_rng(0), **options}
        with pytest.raises(ValueError, match=words):
            models.langevin_path(referees.ring_score, **arguments)
