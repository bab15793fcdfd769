"""What lesson 06 adds to the library: transport, warps, the pose reader, the watermark, and models with two decoders."""

import keras
import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
from keras import ops

from course_lib import augment, datasets, head_pose, layers, metrics, models, referees, training, watermark


def cloud(rng, n, scales, mean):
    axes, _ = np.linalg.qr(rng.normal(size=(len(scales),) * 2))
    return rng.normal(size=(n, len(scales))) * scales @ axes.T + mean


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    return cloud(rng, 900, [3, 1, 0.4], [1, 2, 3]), cloud(rng, 700, [0.5, 2, 1], [-4, 0, 1])


# transport


def test_transport_carries_mean_and_covariance(clouds):
    source, target = clouds
    moved = referees.fit_transport(source, target).move(source)
    np.testing.assert_allclose(moved.mean(axis=0), target.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(np.cov(moved.T, bias=True), np.cov(target.T, bias=True), rtol=1e-3, atol=1e-4)


def test_transport_is_the_symmetric_solution_and_moves_less_than_whitening_and_colouring(clouds):
    source, target = clouds
    transport = referees.fit_transport(source, target, ridge=0)
    a, b = np.cov(source.T, bias=True), np.cov(target.T, bias=True)
    np.testing.assert_allclose(transport.matrix, transport.matrix.T)
    assert np.linalg.eigvalsh(transport.matrix).min() > 0
    np.testing.assert_allclose(transport.matrix, np.real(np.linalg.solve(a, scipy.linalg.sqrtm(a @ b))), atol=1e-6)
    way = np.square(transport.move(source) - source).sum(axis=1).mean()
    assert transport.distance**2 == pytest.approx(way, rel=1e-6)
    other = np.linalg.inv(np.linalg.cholesky(a)).T @ np.linalg.cholesky(b).T
    coloured = target.mean(axis=0) + (source - source.mean(axis=0)) @ other
    assert way < np.square(coloured - source).sum(axis=1).mean()


def test_transport_in_one_dimension_is_shift_and_scale():
    source = np.array([[-1.0], [3.0]])  # mean 1, deviation 2
    target = np.array([[6.0], [14.0]])  # mean 10, deviation 4
    np.testing.assert_allclose(referees.fit_transport(source, target, ridge=0).move(np.array([[3.0]])), [[14.0]])


def test_the_way_back_and_the_place_half_way(clouds):
    source, target = clouds
    there = referees.fit_transport(source, target)
    back = there.inverse()
    np.testing.assert_allclose(back.move(there.move(source)), source, atol=1e-8)
    np.testing.assert_allclose(there.halfway(source), back.halfway(there.move(source)), atol=1e-8)
    np.testing.assert_allclose(back.matrix, referees.fit_transport(target, source).matrix, atol=1e-4)


def test_transport_survives_directions_without_variance(clouds):
    source, target = (np.pad(c, ((0, 0), (0, 2))).astype(np.float32) for c in clouds)
    moved = referees.fit_transport(source, target, ridge=1e-4).move(source)
    assert np.isfinite(moved).all() and moved.dtype == np.float32


@pytest.mark.parametrize(
    "source, target, ridge",
    [(np.ones(3), np.ones((3, 3)), 0), (np.ones((4, 3)), np.ones((4, 2)), 0), (np.ones((4, 3)), np.ones((4, 3)), -1)],
)
def test_transport_refuses_what_does_not_fit(source, target, ridge):
    with pytest.raises(ValueError):
        referees.fit_transport(source, target, ridge=ridge)


def test_pca_of_few_samples_equals_pca_by_the_covariance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 200)) * np.geomspace(3, 0.1, 200) + 1
    few = referees.fit_pca(x, 10)
    everything = referees.fit_pca(x).keep(10)
    np.testing.assert_allclose(few.eigenvalues, everything.eigenvalues, rtol=1e-9)
    np.testing.assert_allclose(few.components, everything.components, atol=1e-6)
    assert few.total_variance == pytest.approx(everything.total_variance)
    np.testing.assert_allclose(few.components @ few.components.T, np.eye(10), atol=1e-12)


# kernel ridge and the pose reader


def test_kernel_ridge_interpolates_and_smooths():
    x = np.linspace(0, 6, 80)[:, None]
    y = np.concatenate([np.sin(x), np.cos(x)], axis=1)
    fit = referees.fit_kernel_ridge(x, y, width=0.5, ridge=1e-4)
    np.testing.assert_allclose(
        fit.predict(x + 0.02), np.concatenate([np.sin(x + 0.02), np.cos(x + 0.02)], axis=1), atol=0.02
    )
    np.testing.assert_allclose(fit.predict(np.array([[1e3]])), [y.mean(axis=0)], atol=1e-9)
    for bad in (dict(width=0), dict(ridge=0)):
        with pytest.raises(ValueError):
            referees.fit_kernel_ridge(x, y, **bad)
    with pytest.raises(ValueError, match="do not vary"):
        referees.fit_kernel_ridge(np.ones((5, 2)), np.ones((5, 1)))
    with pytest.raises(ValueError, match="as many rows"):
        referees.fit_kernel_ridge(x, y[:5])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 2e-4)])
def test_kernel_ridge_solves_its_system_of_equations(dtype, tolerance):
    rng = np.random.default_rng(4)
    x, y, new = (rng.normal(size=shape).astype(dtype) for shape in ((60, 3), (60, 2), (7, 3)))

    def kernel(a, b):
        squared = np.square(a[:, None].astype(np.float64) - b).sum(axis=-1)
        return np.exp(-squared / (2 * 0.5**2 * x.var(axis=0).sum()))

    weights = np.linalg.solve(kernel(x, x) + 0.1 * np.eye(60), y - y.mean(axis=0))
    got = referees.fit_kernel_ridge(x, y, width=0.5, ridge=0.1).predict(new)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, kernel(new, x) @ weights + y.mean(axis=0), atol=tolerance)


def bars(angles):
    """Pictures of a bright bar, turned by each angle (radians)."""
    rows, columns = np.mgrid[:48, :48] - 23.5
    distance = [np.abs(rows * np.cos(a) - columns * np.sin(a)) for a in angles]
    return np.repeat(np.clip(6 - np.stack(distance), 0, 1)[..., None], 3, axis=-1).astype(np.float32)


def test_edges_are_counted_by_direction_and_do_not_know_the_brightness():
    level, upright = head_pose.edge_histograms(bars([0.0, np.pi / 2])).reshape(2, 64, 8).sum(axis=1)
    assert level.argmax() != upright.argmax()
    dim = head_pose.edge_histograms(0.5 * bars([0.3]) + 0.2)
    assert np.abs(dim - head_pose.edge_histograms(bars([0.3]))).max() < 0.12
    with pytest.raises(ValueError, match="divisible"):
        head_pose.edge_histograms(np.zeros((2, 47, 48, 3)))
    with pytest.raises(ValueError):
        head_pose.edge_histograms(np.zeros((2, 48, 48, 3), np.uint8))


def test_the_reader_reads_the_angle_of_unseen_pictures():
    rng = np.random.default_rng(0)
    angles = rng.uniform(0.1, 1.4, 150)
    reader = head_pose.fit_pose_reader(bars(angles[:100]), angles[:100, None], ["angle"])
    assert metrics.r_squared(angles[100:, None], reader.read(bars(angles[100:])))[0] > 0.98
    with pytest.raises(ValueError, match="a row a picture"):
        head_pose.fit_pose_reader(bars(angles[:10]), angles[:10], ["angle"])


# warps and colours


def test_warp_agrees_with_scipy_also_outside():
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(3, 9, 7, 2))
    displacement = rng.uniform(-6, 6, size=(3, 9, 7, 2))
    got = augment.warp(images, displacement)
    rows, columns = np.mgrid[:9, :7]
    for i in range(3):
        for k in range(2):
            place = [rows + displacement[i, ..., 0], columns + displacement[i, ..., 1]]
            true = scipy.ndimage.map_coordinates(images[i, ..., k], place, order=1, mode="nearest")
            np.testing.assert_allclose(got[i, ..., k], true, atol=1e-12)


def test_a_warp_by_nothing_changes_nothing_and_keeps_the_dtype():
    images = np.random.default_rng(0).uniform(size=(2, 5, 4, 3)).astype(np.float32)
    same = augment.warp(images, np.zeros((2, 5, 4, 2)))
    np.testing.assert_array_equal(same, images)
    assert same.dtype == np.float32
    np.testing.assert_array_equal(augment.jitter_colours(images, np.random.default_rng(0), 0.0), images)


def test_random_displacements_are_smooth_and_as_strong_as_asked():
    field = augment.random_displacement(np.random.default_rng(0), 200, 48, 48, 2.0)
    assert field.shape == (200, 48, 48, 2)
    assert field[:, 0, 0].std() == pytest.approx(2.0, rel=0.1)  # a knot
    assert np.abs(np.diff(field, axis=1)).mean() < 0.3
    with pytest.raises(ValueError):
        augment.random_displacement(np.random.default_rng(0), 1, 8, 8, -1)


def test_jitter_stays_in_range_and_differs_between_pictures():
    images = np.full((4, 3, 3, 3), 0.5, np.float32)
    out = augment.jitter_colours(images, np.random.default_rng(0))
    assert out.min() >= 0 and out.max() <= 1 and len(np.unique(out.reshape(4, -1), axis=0)) == 4
    with pytest.raises(ValueError):
        augment.jitter_colours(images, np.random.default_rng(0), 2)


@pytest.mark.parametrize("images", [np.zeros((4, 4, 3)), np.zeros((1, 4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3))])
def test_augmentations_refuse_other_pictures(images):
    with pytest.raises(ValueError):
        augment.warp(images, np.zeros((1, 4, 4, 2)))
    with pytest.raises(ValueError):
        augment.jitter_colours(images, np.random.default_rng(0))


def test_warp_refuses_a_displacement_that_does_not_fit():
    with pytest.raises(ValueError, match="displacement must have shape"):
        augment.warp(np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match="finite"):
        augment.warp(np.zeros((1, 4, 4, 3)), np.full((1, 4, 4, 2), np.nan))


# the mark


def pictures(n=200):
    rng = np.random.default_rng(0)
    return np.clip(scipy.ndimage.zoom(rng.uniform(size=(n, 6, 6, 3)), (1, 8, 8, 1), order=1), 0, 1).astype(np.float32)


def test_the_mark_is_faint_found_and_tied_to_its_key():
    plain = pictures()
    marked = watermark.mark(plain, 5)
    assert metrics.psnr(plain, marked) >= 40
    assert watermark.is_marked(np.round(marked * 255) / 255, 5).all()
    noisy = np.clip(marked + np.random.default_rng(1).normal(0, 0.01, marked.shape), 0, 1)
    assert watermark.is_marked(noisy, 5).mean() > 0.99
    assert not watermark.is_marked(plain, 5).any() and not watermark.is_marked(marked, 6).any()
    np.testing.assert_array_equal(watermark.mark(plain[3:4], 5), marked[3:4])


def test_the_score_is_standard_normal_without_a_mark():
    scores = np.concatenate([watermark.score(pictures(), key) for key in range(10)])
    assert abs(scores.mean()) < 0.1 and 0.85 < scores.std() < 1.15


def test_the_mark_refuses_other_pictures():
    with pytest.raises(ValueError):
        watermark.mark(np.zeros((48, 48, 3)), 1)
    with pytest.raises(ValueError):
        watermark.is_marked(np.zeros((1, 48, 48, 3), np.uint8), 1)


# leak and R²


def test_the_leak_is_one_half_without_a_difference_and_one_for_two_worlds():
    rng = np.random.default_rng(0)
    noise = [metrics.identity_leak(*rng.normal(size=(2, 60, 40)), seed) for seed in range(20)]
    assert 0.42 < np.mean(noise) < 0.58
    a, b = rng.normal(size=(300, 3)), rng.normal(size=(200, 3)) + 5
    assert metrics.identity_leak(a, b, 0) > 0.999
    with pytest.raises(ValueError):
        metrics.identity_leak(a, b[:, :2])


def test_r_squared_of_perfect_mean_and_worse():
    true = np.array([[0.0, 1], [2, 3], [4, 8]])
    np.testing.assert_allclose(metrics.r_squared(true, true), 1)
    np.testing.assert_allclose(metrics.r_squared(true, np.broadcast_to(true.mean(axis=0), true.shape)), 0, atol=1e-12)
    assert (metrics.r_squared(true, -true) < 0).all()
    assert np.isnan(metrics.r_squared(true, np.full_like(true, np.nan))).all(), "a network that diverged"
    with pytest.raises(ValueError, match="column 0"):
        metrics.r_squared(np.ones((3, 1)), np.ones((3, 1)))


# layers, models, training: every backend


@pytest.mark.backends
def test_pixel_shuffle_lays_channels_out_as_tiles():
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 18)).astype(np.float32)
    got = ops.convert_to_numpy(layers.PixelShuffle(3)(x))
    assert got.shape == (2, 9, 6, 2)
    for i in range(3):
        for j in range(3):
            np.testing.assert_array_equal(got[:, i::3, j::3], x[..., (i * 3 + j) * 2 : (i * 3 + j) * 2 + 2])


@pytest.mark.backends
def test_pixel_shuffle_is_saved_and_refuses_channels_that_do_not_divide(tmp_path):
    image = keras.Input((4, 4, 8))
    model = keras.Model(image, layers.PixelShuffle(2)(image))
    assert model.output_shape == (None, 8, 8, 2)
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(3, 4, 4, 8)).astype(np.float32)
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(ValueError, match="divisible by 4"):
        layers.PixelShuffle(2)(keras.Input((4, 4, 6)))
    with pytest.raises(ValueError):
        layers.PixelShuffle(0)


@pytest.mark.backends
@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_both_decoders_and_the_encoder_are_trained_together(kind):
    keras.utils.set_random_seed(0)
    if kind == "dense":
        encoder, decoder_a, decoder_b, swapper = models.dense_swapper(12, 8, 3, noise=0.1)
        x = np.random.default_rng(0).uniform(size=(2, 40, 12)).astype(np.float32)
    else:
        encoder, decoder_a, decoder_b, swapper = models.convolutional_swapper((8, 8, 3), (4, 6), 3)
        x = np.random.default_rng(0).uniform(size=(2, 40, 8, 8, 3)).astype(np.float32)
    parts = (encoder, decoder_a, decoder_b)
    assert models.parameter_count(swapper) == sum(models.parameter_count(part) for part in parts)
    before = [part.get_weights()[0].copy() for part in parts]
    training.fit(swapper, list(x), list(x), epochs=1, batch_size=10)
    assert all(np.abs(part.get_weights()[0] - old).max() > 1e-5 for part, old in zip(parts, before, strict=True))
    drawn = swapper.predict(list(x), verbose=0)
    for decoder, pictures_in, out in zip(parts[1:], x, drawn, strict=True):
        np.testing.assert_allclose(decoder.predict(encoder.predict(pictures_in, verbose=0), verbose=0), out, atol=1e-5)


def test_a_decoder_that_does_not_fit_is_refused():
    encoder, decoder_a, _, _ = models.dense_swapper(12, 8, 3)
    _, other, _, _ = models.dense_swapper(12, 8, 4)
    with pytest.raises(ValueError, match="decoder_b must take codes"):
        models.build_swapper(encoder, decoder_a, other)
    for bad in (dict(input_dim=0), dict(code_size=-1), dict(noise=-1)):
        with pytest.raises(ValueError):
            models.dense_swapper(**({"input_dim": 4, "hidden_units": 4, "code_size": 2} | bad))
    with pytest.raises(ValueError, match="divisible by 8"):
        models.convolutional_swapper((20, 20, 3))


@pytest.mark.backends
def test_the_warm_start_is_the_transport_before_training(clouds):
    source, target = (c.astype(np.float32) for c in clouds)
    there = referees.fit_transport(source, target)
    back = there.inverse()
    encoder, decoder_a, decoder_b, swapper = models.warm_start_swapper(there, hidden_units=5, scale=2.0)

    def through(decoder, codes):
        return 2.0 * decoder.predict(encoder.predict(codes / 2.0, verbose=0), verbose=0)

    np.testing.assert_allclose(through(decoder_b, there.halfway(source)), there.move(source), atol=1e-3)
    np.testing.assert_allclose(through(decoder_a, back.halfway(target)), back.move(target), atol=1e-3)
    np.testing.assert_allclose(through(decoder_a, there.halfway(source)), source, atol=1e-3)
    assert swapper.output_shape == [(None, 3), (None, 3)]
    with pytest.raises(ValueError):
        models.warm_start_swapper(there, scale=0)


@pytest.mark.backends
@pytest.mark.parametrize(("answers", "kept"), [([0.0, 0.0, 3.0, 1.0], 2), ([4.0, 0.0, 3.0, 1.0], 0)])
def test_keep_best_ends_with_the_weights_that_scored_best_the_start_among_them(answers, kept):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    start, seen = [w.copy() for w in model.get_weights()], []

    def score():
        seen.append([w.copy() for w in model.get_weights()])
        return answers[len(seen) - 1]

    best = training.KeepBest(score, every=2)
    training.fit(model, x, x[:, :1], epochs=5, batch_size=10, callbacks=[best])
    assert [epoch for epoch, _ in best.scores] == [0, 2, 4, 5] and best.best == max(answers)
    for ended, weights, first in zip(model.get_weights(), seen[kept], start, strict=True):
        np.testing.assert_array_equal(ended, weights)
        assert kept or np.array_equal(ended, first)


# the lesson on pictures of one's own: no pairs, no parameters, few and unequally many


def test_the_lesson_runs_on_own_pictures_by_changing_one_line(tmp_path):
    import os
    import subprocess
    import sys
    from pathlib import Path

    root = Path(__file__).resolve().parents[1]
    source = (root / "source" / "06_decoder_swapping" / "lesson.py").read_text(encoding="utf-8")
    line = "faces = datasets.heads()  # with consent"
    assert source.count(line) == 1
    own = """
heads_ = datasets.heads()
sizes = {"train": (70, 56), "validation": (9, 7), "test": (9, 7)}
pictures_ = {(who, split): heads_.pictures[who, split][: sizes[split]["ab".index(who)]] for who in "ab" for split in sizes}
faces = datasets.HeadsDataset("your own pictures", pictures_, {}, (), (), False, {})  # """
    (tmp_path / "own.py").write_text(source.replace(line, own), encoding="utf-8")
    environment = {**os.environ, "COURSE_HEADLESS": "1", "PYTHONPATH": str(root), "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, "own.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Nobody knows the true swap" in run.stdout


def test_puppets_are_two_people_in_poses_of_their_own_and_in_pairs_where_unseen():
    pair = datasets.puppets(np.random.default_rng(3), 40, 30)
    assert pair.a.shape == pair.b.shape == (40, 24, 24, 3) and pair.a.dtype == np.float32
    assert pair.unseen_a.shape == pair.unseen_b.shape == (30, 24, 24, 3) and pair.poses.shape == (30, 5)
    assert min(pair.a.min(), pair.b.min()) >= 0 and max(pair.a.max(), pair.b.max()) <= 1
    for who, unseen in (("a", pair.unseen_a), ("b", pair.unseen_b)):
        np.testing.assert_array_equal(pair.draw(who, pair.poses), unseen)
    still = np.zeros((2, 5), np.float32)
    still[1, 2] = 1  # opens the mouth: the lower half changes, the upper does not
    closed, opened = pair.draw("a", still)
    assert np.abs(opened - closed)[14:].max() > 0.2 and np.abs(opened - closed)[:12].max() == 0
    assert "40 pictures each" in repr(pair)
    assert np.abs(datasets.puppets(np.random.default_rng(4), 40, 30).a - pair.a).max() > 0.1
    with pytest.raises(ValueError, match="unseen must be"):
        datasets.puppets(np.random.default_rng(0), 5, 0)
