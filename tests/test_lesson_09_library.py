"""What lesson 09 added to the library: scores of samples, Gaussians, slerp, the conditional model, the days."""

import keras
import made_tables
import numpy as np
import pytest
from scipy import linalg, stats
from scipy.spatial import distance

from course_lib import datasets, metrics, models, patches, referees, training


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- scores ---


def test_the_frechet_distance_is_that_of_the_matrix_root(rng):
    a, b = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4)), 1 + rng.normal(size=(70, 4)) @ rng.normal(size=(4, 4))
    ca, cb = np.cov(a.T), np.cov(b.T)
    true = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real)
    assert metrics.frechet_distance(a, b) == pytest.approx(true, rel=1e-8)
    assert metrics.frechet_distance(b, a) == pytest.approx(true, rel=1e-8)
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_of_singular_sets_is_finite_and_not_negative(rng):
    few = rng.normal(size=(4, 30))
    assert 0 <= metrics.frechet_distance(few, few) < 1e-6
    assert metrics.frechet_distance(few, few + 1) == pytest.approx(30, rel=1e-6)
    line = rng.normal(size=(20, 1))
    assert metrics.frechet_distance(line, 2 * line + 1) == pytest.approx(
        (line.mean() + 1) ** 2 + line.std(ddof=1) ** 2, rel=1e-6
    )


def test_precision_and_recall_tell_one_perfect_shoe_from_scattered_ones(rng):
    real = rng.normal(size=(300, 3))
    assert min(metrics.sample_precision_recall(real, rng.normal(size=(300, 3)))) > 0.8
    narrow = metrics.sample_precision_recall(real, 0.01 * rng.normal(size=(300, 3)))
    assert narrow[0] == 1 and narrow[1] < 0.05
    wide = metrics.sample_precision_recall(real, 10 * rng.normal(size=(300, 3)))
    assert wide[0] < 0.2 and wide[1] > 0.8


def test_copies_leave_the_fresh_blocks_without_neighbours(rng):
    blocks = rng.normal(size=(8, 300, 6))  # seven of training examples, one of fresh ones
    everything = blocks[:7].reshape(-1, 6)
    copies = everything[rng.integers(0, len(everything), 4000)] + 1e-4
    shares = metrics.neighbour_shares(copies, blocks)
    assert shares.sum() == pytest.approx(1) and shares[7] == 0
    np.testing.assert_allclose(shares[:7], 1 / 7, atol=0.03)
    honest = metrics.neighbour_shares(rng.normal(size=(4000, 6)), blocks)
    np.testing.assert_allclose(honest, 1 / 8, atol=0.03)
    half = metrics.neighbour_shares(np.concatenate([copies[:2000], rng.normal(size=(2000, 6))]), blocks)
    assert half[7] == pytest.approx(1 / 16, abs=0.015)


def test_one_block_of_many_training_examples_overlooks_copies_of_the_rest(rng):
    train, fresh = rng.normal(size=(6000, 6)), rng.normal(size=(500, 6))
    copies = train[rng.integers(0, 6000, 2000)] + 1e-4
    one_block = metrics.neighbour_shares(copies, np.stack([train[:500], fresh]))
    assert abs(one_block[0] - 0.5) < 0.1
    assert metrics.neighbour_shares(copies, np.concatenate([train, fresh]).reshape(13, 500, 6))[12] == 0


def test_neighbour_shares_of_two_blocks_are_even_for_blurred_samples_but_scatter(rng):
    blurred = 0.3 * rng.normal(size=(100, 6))  # nearer to everything
    shares = [metrics.neighbour_shares(blurred, rng.normal(size=(2, 200, 6)))[0] for _ in range(200)]
    assert abs(np.mean(shares) - 0.5) < 0.06 and np.std(shares) > 0.06
    for samples, blocks in ((blurred, blurred), (blurred, rng.normal(size=(2, 9, 5))), (blurred, blurred[None])):
        with pytest.raises(ValueError, match="blocks"):
            metrics.neighbour_shares(samples, blocks)


def test_the_autocorrelation_of_an_autoregression_decays_as_it_should(rng):
    noise, series = rng.normal(size=20_000), np.zeros(20_000)
    for t in range(1, len(series)):
        series[t] = 0.8 * series[t - 1] + noise[t]
    found = metrics.autocorrelation(series + 50, 5)
    np.testing.assert_allclose(found, 0.8 ** np.arange(6), atol=0.04)
    np.testing.assert_allclose(metrics.autocorrelation(np.array([1, -1, 1, -1]), 3), [1, -0.75, 0.5, -0.25])
    both = metrics.autocorrelation(np.stack([series[:30], series[30:60]]), 4)
    np.testing.assert_allclose(both[1], metrics.autocorrelation(series[30:60], 4))
    for bad in (np.ones(5), np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="series"):
            metrics.autocorrelation(bad, 1)
    with pytest.raises(ValueError, match="max_lag"):
        metrics.autocorrelation(series, len(series))


@pytest.mark.parametrize("length", [48, 7])
def test_the_spectrum_adds_up_to_the_mean_square(rng, length):
    series = rng.normal(size=(5, length)) + 2
    assert metrics.power_spectrum(series).sum() == pytest.approx(np.square(series).mean())
    wave = np.cos(2 * np.pi * 3 * np.arange(48) / 48)[None]
    assert metrics.power_spectrum(wave).argmax() == 3


def test_two_sample_accuracy_agrees_with_a_loop_and_knows_its_three_cases(rng):
    real, other = rng.normal(size=(30, 3)), rng.normal(size=(30, 3)) + 0.3
    union, label = np.concatenate([real, other]), np.arange(60) < 30
    table = distance.cdist(union, union) + np.diag(np.full(60, np.inf))
    assert metrics.two_sample_accuracy(real, other) == pytest.approx((label[table.argmin(1)] == label).mean())
    assert metrics.two_sample_accuracy(real, real + 100) == 1
    assert metrics.two_sample_accuracy(real, real) == 0
    assert abs(metrics.two_sample_accuracy(*rng.normal(size=(2, 800, 2))) - 0.5) < 0.06
    with pytest.raises(ValueError, match="as many rows"):
        metrics.two_sample_accuracy(real, other[:5])


# --- referees ---


def test_the_gaussian_has_scipys_density_and_samples_with_its_moments(rng):
    data = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)) + 2
    gaussian = referees.fit_gaussian(data)
    true = stats.multivariate_normal(data.mean(0), np.cov(data.T)).logpdf(data)
    np.testing.assert_allclose(gaussian.log_likelihood(data), true, rtol=1e-6)
    drawn = gaussian.sample(50_000, rng)
    np.testing.assert_allclose(drawn.mean(0), gaussian.mean, atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), gaussian.covariance, rtol=0.08, atol=0.08)
    moved = referees.fit_gaussian(data, ridge=0.5, target=np.eye(3), share=0.25)
    np.testing.assert_allclose(moved.covariance, 0.75 * gaussian.covariance + 0.75 * np.eye(3))
    with pytest.raises(ValueError, match="ridge"):
        referees.fit_gaussian(data[:2])
    with pytest.raises(ValueError, match="together"):
        referees.fit_gaussian(data, share=0.5)


def test_the_bump_process_has_a_density_that_scores_its_own_days_best(rng):
    process = referees.BumpProcess()
    days = process.sample(300, rng)
    own = process.log_likelihood(days)
    np.testing.assert_allclose(own, process.log_likelihood(days, steps=5600), atol=1e-3)
    assert own.mean() > referees.fit_gaussian(process.sample(20_000, rng)).log_likelihood(days).mean() + 10
    wider = referees.BumpProcess(noise=0.06)
    assert own.mean() > wider.log_likelihood(days).mean()
    # With the bump known, the density is a product of 48 normal ones.
    narrow = referees.BumpProcess(first=12.0, last=12.0 + 1e-9)
    expected = stats.norm(narrow.bump(np.array([12.0])), narrow.noise).logpdf(days).sum(axis=1)
    np.testing.assert_allclose(narrow.log_likelihood(days, steps=2), expected, rtol=1e-3)


# --- models ---


def test_slerp_keeps_its_promises(rng):
    a, b = rng.normal(size=(2, 9))
    a *= 3
    for t in (0.0, 0.3, 0.5, 1.0):
        code = models.slerp(a, b, t)
        assert np.linalg.norm(code) == pytest.approx((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b))
        angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert np.arccos(min(1, a @ code / np.linalg.norm(a) / np.linalg.norm(code))) == pytest.approx(
            t * angle, abs=1e-6
        )
    np.testing.assert_allclose(models.slerp(a, 2 * a, 0.5), 1.5 * a)
    with pytest.raises(ValueError, match="opposite"):
        models.slerp(a, -a, 0.5)
    with pytest.raises(ValueError, match="zero"):
        models.slerp(a, 0 * a, 0.5)


@pytest.mark.backends
def test_the_conditional_model_learns_what_it_is_told(rng, tmp_path):
    keras.utils.set_random_seed(0)
    kind = rng.integers(0, 2, 400)
    data = (np.where(kind[:, None] == 1, 2.0, -2.0) + 0.3 * rng.normal(size=(400, 5))).astype("float32")
    told = np.eye(2, dtype="float32")[kind]
    vae = models.build_conditional_vae(5, 2, 16, 2, sigma=0.5, learn_sigma=True)
    training.fit(vae, [data, told], loss=None, epochs=40, batch_size=50, learning_rate=1e-2)
    drawn = vae.generate(rng.normal(size=(50, 2)), np.eye(2)[np.repeat([0, 1], 25)])
    assert drawn[:25].mean() < -1 and drawn[25:].mean() > 1
    bound = metrics.importance_weighted_bound(vae.log_weights([data, told], samples=30)).mean()
    swapped = metrics.importance_weighted_bound(vae.log_weights([data, 1 - told], samples=30)).mean()
    exact = stats.norm(0, 0.3).logpdf(0.3 * rng.normal(size=(4000, 5))).sum(axis=1).mean()
    assert bound < exact + 1 and swapped < bound - 5
    elbo = vae.elbo_terms([data, told])
    assert elbo.rate.shape == (400,)
    vae.save(tmp_path / "conditional.keras")
    again = keras.saving.load_model(tmp_path / "conditional.keras")
    np.testing.assert_allclose(
        again.generate(drawn[:, :2], np.eye(2)[[0] * 50]), vae.generate(drawn[:, :2], np.eye(2)[[0] * 50]), atol=1e-5
    )


@pytest.mark.backends
def test_the_conditional_warm_start_is_probabilistic_pca_around_the_mean_of_each_kind(rng):
    kind = rng.integers(0, 2, 300)
    data = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 7)) + 0.2 * rng.normal(size=(300, 7)) + 3.0 * kind[:, None]
    means = np.stack([data[kind == k].mean(axis=0) for k in (0, 1)])
    ppca = referees.fit_ppca(data - means[kind], 3)
    vae = models.warm_start_conditional_vae(ppca, means, 8)
    told = np.eye(2, dtype="float32")[kind]
    bound = metrics.importance_weighted_bound(vae.log_weights([data.astype("float32"), told], samples=3))
    np.testing.assert_allclose(bound, ppca.log_likelihood(data - means[kind]), rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(vae.generate(np.zeros((2, 3)), np.eye(2)), means, atol=1e-4)
    with pytest.raises(ValueError, match="means"):
        models.warm_start_conditional_vae(ppca, means[:, :5])
    with pytest.raises(ValueError, match="latents"):
        models.warm_start_conditional_vae(referees.fit_ppca(data, 0), means)


@pytest.mark.backends
def test_log_weights_are_the_same_however_many_are_decoded_together(rng):
    keras.utils.set_random_seed(0)
    vae = models.build_vae(6, 8, 2)
    x = rng.normal(size=(30, 6)).astype("float32")
    together = vae.log_weights(x, samples=4, seed=3)
    noise = np.random.default_rng(3)
    mu, sd = vae.posterior(x)
    for sample in range(4):
        epsilon = noise.standard_normal(mu.shape)
        codes = mu + sd * epsilon
        mean = vae.decoder.predict(codes.astype("float32"), verbose=0)
        expected = stats.norm(mean, vae.sigma).logpdf(x).sum(axis=1) + stats.norm.logpdf(codes).sum(axis=1)
        expected -= stats.norm(mu, sd).logpdf(codes).sum(axis=1)
        np.testing.assert_allclose(together[:, sample], expected, rtol=1e-4, atol=1e-3)


def test_the_classifier_of_the_course_knows_clothes():
    classifier = keras.saving.load_model(datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_classifier.keras")
    clothes = datasets.fashion_mnist()
    answers = classifier.predict(clothes.images("validation"), batch_size=1000, verbose=0).argmax(axis=1)
    assert (answers == clothes.validation_labels).mean() > 0.85
    assert classifier.get_layer("features").output.shape == (None, 32)


# --- data ---


def test_days_are_split_by_whole_weeks():
    days = datasets.electricity_days()
    assert [len(getattr(days, split)) for split in datasets.SPLITS] == [222, 70, 73]
    weeks = [set(((getattr(days, f"{split}_days") + 2) // 7).tolist()) for split in datasets.SPLITS]
    assert len(weeks[0] | weeks[1] | weeks[2]) == sum(map(len, weeks)) == 53
    everything = np.concatenate([getattr(days, f"{split}_days") for split in datasets.SPLITS])
    assert sorted(everything.tolist()) == list(range(365))


def test_demand_is_in_gigawatts_and_higher_on_working_days():
    days = datasets.electricity_days()
    assert days.train.dtype == np.float32 and days.train.min() > 2.5 and days.train.max() < 9
    assert days.train[days.train_working].mean() > days.train[~days.train_working].mean() + 0.2
    assert days.hours[-1] == 23.5
    monday = days.train_days[(days.train_days + 2) % 7 == 0]
    assert len(monday) == 31  # of 32 weeks; the first begins on a Wednesday
    with pytest.raises(ValueError, match="read-only"):
        days.train[0, 0] = 1.0


def test_new_year_and_christmas_were_no_working_days():
    days = datasets.electricity_days()
    flags = {
        int(day): bool(flag)
        for split in datasets.SPLITS
        for day, flag in zip(getattr(days, f"{split}_days"), getattr(days, f"{split}_working"), strict=True)
    }
    assert not flags[0] and not flags[358] and flags[1] and sum(flags.values()) == 251


# --- the lesson on days of one's own ---


@pytest.mark.parametrize("table", ["series", pytest.param("windows", marks=pytest.mark.weekly)])
def test_the_lesson_runs_on_days_of_ones_own(tmp_path, changed_lesson, table):
    if table == "series":
        made_tables.nab(tmp_path / "load.csv", days=60)
        own = f"own_series({str(tmp_path / 'load.csv')!r}, window=48, time='timestamp')"
    else:
        np.savetxt(tmp_path / "days.csv", made_tables.beats(200, 0, length=30)[0], delimiter=",")
        own = f"own_windows({str(tmp_path / 'days.csv')!r})"
    changed_lesson("09", "days = datasets.electricity_days()", f"days = datasets.{own}")
    printed = changed_lesson.printed
    assert "From here on the numbers are those of your own data." in printed
    assert "a Gaussian for each kind" in printed and "nats a day" in printed
    assert "hard to tell apart" not in printed and "the two are one" not in printed  # found on the course's days
    assert "Your data" in printed and "Gaussian for each kind minus conditional VAE" in printed


# --- a village of puppets, and features of their pictures ---


def test_a_village_draws_other_puppets_each_time_and_the_same_from_the_same_generator():
    village, again = (datasets.puppet_village(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(village.families, again.families)
    pictures = village.draw(230, np.random.default_rng(1))
    assert pictures.shape == (230, 24, 24, 3) and pictures.dtype == np.float32
    assert pictures.min() >= 0 and pictures.max() <= 1
    np.testing.assert_array_equal(pictures, again.draw(230, np.random.default_rng(1)))
    assert len(np.unique(pictures.reshape(230, -1), axis=0)) == 230
    assert village.draw(0, np.random.default_rng(1)).shape == (0, 24, 24, 3)
    assert "3 families" in repr(village)
    with pytest.raises(ValueError, match="families must be a positive integer"):
        datasets.puppet_village(np.random.default_rng(0), families=0)


def test_patch_features_tell_fresh_pictures_from_flat_ones(rng):
    village = datasets.puppet_village(rng)
    look = patches.fit_patch_features(village.draw(300, rng), rng, windows=16, numbers=30)
    fresh, other = look(village.draw(200, rng)), look(village.draw(200, rng))
    assert fresh.shape == (200, 30)
    assert min(metrics.sample_precision_recall(fresh, other)) > 0.7
    flat = np.repeat(rng.random((200, 1, 1, 3)), 24, axis=1).repeat(24, axis=2)
    assert metrics.sample_precision_recall(fresh, look(flat))[0] < 0.1


@pytest.mark.parametrize("shape, numbers", [((300, 23, 24, 3), 30), ((50, 24, 24, 3), 30), ((300, 24, 24, 3), 300)])
def test_patch_features_say_which_pictures_they_take(rng, shape, numbers):
    with pytest.raises(ValueError, match="but it is"):
        patches.fit_patch_features(np.zeros(shape, np.float32), rng, numbers=numbers)
