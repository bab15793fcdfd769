"""What lesson 05 adds to the library: the VAE and its parts, probabilistic PCA, bounds, and sampling from the prior."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from course_lib import datasets, layers, losses, metrics, models, referees, training


@pytest.fixture(scope="module")
def data():
    """600 points of 12 numbers, float32: three strong axes, the rest weak, far from the origin."""
    rng = np.random.default_rng(0)
    axes, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    scales = np.array([1.5, 1.0, 0.7, *np.linspace(0.3, 0.2, 9)])
    return (rng.normal(size=(600, 12)) * scales @ axes.T + 0.5).astype(np.float32)


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def tensor(values):
    return ops.convert_to_tensor(np.asarray(values, np.float32))


# losses


@pytest.mark.backends
def test_kl_divergence_is_the_expectation_that_defines_it():
    rng = np.random.default_rng(0)
    mu, log_var = rng.normal(size=(3, 2)), rng.uniform(-1, 1, (3, 2))
    got = numbers(losses.kl_divergence(tensor(mu), tensor(log_var)))
    sigma = np.exp(log_var / 2)
    z = mu + sigma * rng.normal(size=(200_000, 3, 2))
    sampled = (stats.norm.logpdf(z, mu, sigma) - stats.norm.logpdf(z)).sum(axis=2)
    np.testing.assert_allclose(got, sampled.mean(axis=0), atol=5 * sampled.std() / np.sqrt(200_000))
    assert numbers(losses.kl_divergence(tensor(np.zeros((2, 5))), tensor(np.zeros((2, 5))))).tolist() == [0, 0]


@pytest.mark.backends
def test_gaussian_nll_is_the_density_of_scipy():
    rng = np.random.default_rng(0)
    x, mean = rng.normal(size=(2, 4, 3, 2))
    got = numbers(losses.gaussian_nll(tensor(x), tensor(mean), 0.3))
    np.testing.assert_allclose(got, -stats.norm.logpdf(x, mean, 0.3).sum(axis=(1, 2)), rtol=1e-4)


def test_other_pixel_units_move_the_density_by_ln_255_a_pixel():
    rng = np.random.default_rng(0)
    x, mean = rng.uniform(size=(2, 3, 196))
    in_255 = numbers(losses.gaussian_nll(tensor(255 * x), tensor(255 * mean), 255 * 0.3))
    np.testing.assert_allclose(in_255 - numbers(losses.gaussian_nll(tensor(x), tensor(mean), 0.3)), 1086.08, atol=0.05)


@pytest.mark.backends
def test_bernoulli_nll_is_stable_and_right():
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    logits = np.array([[100.0, -100.0], [100.0, -100.0], [0.5, -1.0]])
    got = numbers(losses.bernoulli_nll(tensor(x), tensor(logits)))
    p = 1 / (1 + np.exp(-logits[2]))
    np.testing.assert_allclose(got, [0, 200, -np.log(p[0]) - np.log(1 - p[1])], atol=1e-4)


# layers


@pytest.mark.backends
def test_sampling_has_the_mean_and_the_spread_it_was_given_and_repeats_with_its_seed(tmp_path):
    mu, log_var = np.tile([[2.0, -1.0]], (20_000, 1)), np.tile(np.log([[4.0, 0.25]]), (20_000, 1))
    draw = layers.Sampling(seed=3)
    z = numbers(draw([tensor(mu), tensor(log_var)]))
    np.testing.assert_allclose(z.mean(axis=0), [2, -1], atol=0.08)
    np.testing.assert_allclose(z.std(axis=0), [2, 0.5], rtol=0.03)
    assert not np.array_equal(z, numbers(draw([tensor(mu), tensor(log_var)]))), "drawn anew at each call"
    np.testing.assert_array_equal(z, numbers(layers.Sampling(seed=3)([tensor(mu), tensor(log_var)])))


@pytest.mark.backends
def test_sampling_refuses_what_is_no_posterior():
    with pytest.raises(ValueError, match="both of shape"):
        layers.Sampling()([tensor(np.zeros((2, 3))), tensor(np.zeros((2, 4)))])


@pytest.mark.backends
def test_shared_vector_is_the_same_for_every_input_and_is_trained():
    x = keras.Input((4,))
    model = keras.Model(x, layers.SharedVector(3, 0.5)(x))
    assert model.output_shape == (None, 3)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    assert np.allclose(model.predict(np.ones((5, 4)), verbose=0), 0.5)
    model.fit(np.ones((8, 4)), np.full((8, 3), 2.0), epochs=20, verbose=0)
    assert np.allclose(model.predict(np.zeros((2, 4)), verbose=0), 2.0, atol=1e-3)


# the variational autoencoder


def small_vae(**options):
    return models.build_vae(12, 16, 3, **{"sigma": 0.5, **options})


@pytest.mark.backends
@pytest.mark.parametrize("kind", ["fixed", "learned", "bernoulli"])
def test_the_vae_trains_and_its_loss_falls(kind, data):
    training.set_seed(0)
    options = {"fixed": {}, "learned": {"learn_sigma": True}, "bernoulli": {"likelihood": "bernoulli"}}[kind]
    x = (data > 0.5).astype("float32") if kind == "bernoulli" else data
    vae = small_vae(**options)
    before = -vae.elbo_terms(x).elbo.mean()
    run = training.fit(vae, x, loss=None, epochs=15, batch_size=50, learning_rate=5e-3)
    assert run.loss[-1] < before - 1
    assert np.isclose(run.loss[-1], run.history["distortion"][-1] + run.history["rate"][-1], rtol=1e-3)
    assert run.history["rate"][-1] > 0.3
    assert (vae.sigma != pytest.approx(0.5)) == (kind == "learned")


@pytest.mark.backends
def test_training_repeats_with_the_same_seed(data):
    finished = []
    for _ in range(2):
        training.set_seed(1)
        vae = small_vae()
        run = training.fit(vae, data[:200], loss=None, epochs=2, batch_size=50)
        finished.append((run.loss, vae.elbo_terms(data).elbo))
    np.testing.assert_allclose(finished[0][0], finished[1][0], rtol=1e-5)
    np.testing.assert_allclose(finished[0][1], finished[1][1], rtol=1e-4)


@pytest.mark.backends
@pytest.mark.parametrize("kind", ["dense", "linear", "warm", "standardised"])
def test_a_saved_vae_answers_the_same_after_loading(kind, data, tmp_path):
    training.set_seed(0)
    vae = {
        "dense": lambda: small_vae(learn_sigma=True),
        "linear": lambda: models.build_linear_vae(12, 3, sigma=0.4, learn_sigma=True, kl_weight=2.0),
        "warm": lambda: models.warm_start_vae(referees.fit_ppca(data, 3), 8),
        "standardised": lambda: models.standardise_codes(small_vae(), data),
    }[kind]()
    training.fit(vae, data, loss=None, epochs=1, batch_size=100)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert loaded.sigma == pytest.approx(vae.sigma) and loaded.kl_weight == vae.kl_weight
    np.testing.assert_allclose(loaded.elbo_terms(data).elbo, vae.elbo_terms(data).elbo, rtol=1e-4)


@pytest.mark.backends
def test_gradients_reach_encoder_decoder_and_sigma(data):
    training.set_seed(0)
    vae = small_vae(learn_sigma=True)
    before = [numbers(weight).copy() for weight in vae.trainable_weights]
    training.fit(vae, data, loss=None, epochs=2, batch_size=50, learning_rate=1e-2)
    names = [
        weight.path
        for weight, old in zip(vae.trainable_weights, before, strict=True)
        if np.array_equal(numbers(weight), old)
    ]
    assert names == []


@pytest.mark.backends
def test_the_terms_are_those_of_an_independent_computation(data):
    training.set_seed(0)
    vae = small_vae()
    mu, sd = vae.posterior(data[:20])
    terms = vae.elbo_terms(data[:20], samples=400)
    z = mu + sd * np.random.default_rng(1).normal(size=(400, *mu.shape))
    decoded = vae.decoder.predict(z.reshape(-1, 3).astype("float32"), verbose=0).reshape(400, 20, 12)
    distortion = -stats.norm.logpdf(data[:20], decoded, 0.5).sum(axis=2).mean(axis=0)
    rate = 0.5 * (mu**2 + sd**2 - 1 - np.log(sd**2)).sum(axis=1)
    np.testing.assert_allclose(terms.rate, rate, rtol=1e-4)
    np.testing.assert_allclose(terms.distortion, distortion, rtol=0.1)
    np.testing.assert_allclose(terms.elbo, -(terms.distortion + terms.rate))


@pytest.mark.backends
def test_the_warm_start_has_the_exact_likelihood_as_its_bound(data):
    """For the right posterior every log weight is ln p(x) itself: no sample can make a difference."""
    ppca = referees.fit_ppca(data, 3)
    vae = models.warm_start_vae(ppca, 8)
    exact = ppca.log_likelihood(data)
    weights = vae.log_weights(data, samples=5)
    np.testing.assert_allclose(weights, np.repeat(exact[:, None], 5, axis=1), atol=2e-3)
    assert vae.elbo_terms(data, samples=50).elbo.mean() == pytest.approx(exact.mean(), abs=0.05)
    assert vae.sigma**2 == pytest.approx(ppca.noise_variance, rel=1e-5)


@pytest.mark.backends
def test_a_linear_vae_reaches_probabilistic_pca(data):
    training.set_seed(0)
    centred = data - data.mean(axis=0)
    ppca = referees.fit_ppca(centred, 3)
    vae = models.build_linear_vae(12, 3, sigma=1.0, learn_sigma=True)
    training.fit(vae, centred, loss=None, epochs=60, batch_size=50, learning_rate=2e-2)
    gap = ppca.log_likelihood(centred).mean() - vae.elbo_terms(centred, samples=20).elbo.mean()
    assert -0.02 < gap < 0.3
    assert vae.sigma**2 == pytest.approx(ppca.noise_variance, rel=0.1)


@pytest.mark.backends
def test_a_linear_vae_collapses_as_the_eigenvalues_say(data):
    training.set_seed(0)
    centred = data - data.mean(axis=0)
    eigenvalues = referees.fit_pca(centred).eigenvalues
    vae = models.build_linear_vae(12, 6, sigma=0.85)  # between the second and the third axis
    training.fit(vae, centred, loss=None, epochs=60, batch_size=50, learning_rate=2e-2)
    rate, _ = referees.water_filling(eigenvalues, 0.85**2)
    active = np.linalg.eigvalsh(np.cov(vae.posterior(centred)[0].T)) > 0.05
    assert active.sum() == (eigenvalues > 0.85**2).sum() == 2
    assert vae.elbo_terms(centred).rate.mean() == pytest.approx(rate, rel=0.1)


@pytest.mark.backends
def test_standardising_keeps_the_pictures_and_saves_what_the_formula_says(data):
    training.set_seed(0)
    vae = small_vae()
    training.fit(vae, data, loss=None, epochs=3, batch_size=50, learning_rate=5e-3)
    mu, sd = vae.posterior(data)
    mean, variance = mu.mean(axis=0), mu.var(axis=0) + (sd**2).mean(axis=0)
    new = models.standardise_codes(vae, data)
    new_mu, new_sd = new.posterior(data)
    np.testing.assert_allclose(new_mu.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(new_mu.var(axis=0) + (new_sd**2).mean(axis=0), 1, rtol=1e-4)
    before, after = vae.elbo_terms(data), new.elbo_terms(data)
    np.testing.assert_allclose(after.distortion, before.distortion, rtol=1e-3, atol=1e-3)
    saved = 0.5 * (mean**2 + variance - 1 - np.log(variance)).sum()
    assert before.rate.mean() - after.rate.mean() == pytest.approx(saved, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: small_vae(sigma=0), "sigma must be positive"),
        (lambda: small_vae(kl_weight=-1), "kl_weight"),
        (lambda: small_vae(likelihood="poisson"), "likelihood"),
        (lambda: models.build_vae(12, 0, 3), "hidden_units"),
        (lambda: models.build_linear_vae(0, 3), "input_dim"),
        (lambda: models.VariationalAutoencoder(*models.build_autoencoder(12, 4, 3)[:2]), "two outputs"),
        (lambda: models.sample_prior(lambda z: z, 0, 3, np.random.default_rng(0)), "n must be"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_a_warm_start_needs_latents_in_use(data):
    with pytest.raises(ValueError, match="all of them in use"):
        models.warm_start_vae(referees.fit_ppca(data, 3, noise_variance=0.8), 8)


# sampling from the prior


@pytest.mark.backends
def test_samples_of_the_prior_are_the_decoder_of_standard_normal_numbers():
    vae = small_vae()
    got = models.sample_prior(vae.decoder, 7, 3, np.random.default_rng(5))
    codes = np.random.default_rng(5).standard_normal((7, 3)).astype("float32")
    np.testing.assert_allclose(got, vae.decoder.predict(codes, verbose=0), atol=1e-5)
    assert got.shape == (7, 12)


@pytest.mark.backends
def test_no_picture_of_the_data_enters_the_samples(data, monkeypatch):
    """Neither the signature, nor the encoder, nor a loader, nor the training data have anything to do with them."""
    assert list(inspect.signature(models.sample_prior).parameters) == ["decoder", "n", "latent_dim", "rng"]

    training.set_seed(0)
    vae = small_vae()
    training.fit(vae, data, loss=None, epochs=1, batch_size=100)
    weights = [numbers(weight).copy() for weight in vae.decoder.weights]

    def forbidden(*args, **kwargs):
        raise AssertionError("the samples of the prior must not touch the encoder or the data")

    for name in ("fashion_mnist", "digits", "photographs"):
        monkeypatch.setattr(datasets, name, forbidden)
    monkeypatch.setattr(datasets._files, "read_embedded", forbidden)
    monkeypatch.setattr(type(vae), "call", forbidden)
    monkeypatch.setattr(vae.encoder, "call", forbidden)
    monkeypatch.setattr(vae.encoder, "predict", forbidden)

    seen = []
    record = lambda codes: seen.append(numbers(codes)) or vae.decoder(codes)  # noqa: E731
    made = models.sample_prior(record, 4000, 3, np.random.default_rng(0))
    assert len(seen) == 1 and seen[0].shape == (4000, 3), "the decoder is called once, with codes only"
    assert all(stats.kstest(column, "norm").pvalue > 1e-3 for column in seen[0].T), "the codes are standard normal"
    assert np.abs(np.corrcoef(seen[0].T) - np.eye(3)).max() < 0.06, "and independent"

    # The same decoder weights in a process that never saw the data give the same pictures.
    stranger = models.build_vae(12, 16, 3)
    stranger.decoder.set_weights(weights)
    np.testing.assert_allclose(
        models.sample_prior(stranger.decoder, 4000, 3, np.random.default_rng(0)), made, atol=1e-4
    )


# probabilistic PCA


def test_the_likelihood_is_that_of_a_normal_density_with_the_full_covariance(data):
    for k in (0, 3, 11):
        ppca = referees.fit_ppca(data.astype(np.float64), k)
        covariance = ppca.loadings.T @ ppca.loadings + ppca.noise_variance * np.eye(12)
        expected = stats.multivariate_normal(ppca.mean, covariance).logpdf(data)
        np.testing.assert_allclose(ppca.log_likelihood(data), expected, rtol=1e-6)


def test_the_likelihood_agrees_with_scikit_learn(data):
    from sklearn.decomposition import PCA, FactorAnalysis

    wide = data.astype(np.float64)
    ppca = referees.fit_ppca(wide, 3)
    theirs = PCA(3).fit(wide)
    # Its noise variance divides by n - 1: give both the same.
    theirs.noise_variance_, theirs.explained_variance_ = ppca.noise_variance, ppca.eigenvalues
    np.testing.assert_allclose(ppca.log_likelihood(wide[:50]), theirs.score_samples(wide[:50]), rtol=1e-6)
    more_general = FactorAnalysis(3, tol=1e-6, max_iter=5000).fit(wide)
    assert ppca.log_likelihood(wide).mean() <= more_general.score(wide) + 1e-6


def test_no_other_noise_or_direction_has_a_higher_likelihood(data):
    wide = data.astype(np.float64)
    best = referees.fit_ppca(wide, 3)
    top = best.log_likelihood(wide).mean()
    for factor in (0.9, 1.1):
        assert referees.fit_ppca(wide, 3, noise_variance=factor * best.noise_variance).log_likelihood(wide).mean() < top
    rng = np.random.default_rng(0)
    for _ in range(5):
        other = referees.ProbabilisticPCA(
            best.mean,
            best.loadings + 0.03 * rng.normal(size=best.loadings.shape),
            best.noise_variance,
            best.eigenvalues,
        )
        covariance = other.loadings.T @ other.loadings + other.noise_variance * np.eye(12)
        assert stats.multivariate_normal(other.mean, covariance).logpdf(wide).mean() < top


def test_the_posterior_is_that_of_bayes(data):
    ppca = referees.fit_ppca(data.astype(np.float64), 3)
    precision = ppca.loadings @ ppca.loadings.T / ppca.noise_variance + np.eye(3)
    np.testing.assert_allclose(np.diag(np.linalg.inv(precision)), ppca.posterior_variance, rtol=1e-6)
    expected = (data - ppca.mean) @ ppca.loadings.T @ np.linalg.inv(precision) / ppca.noise_variance
    np.testing.assert_allclose(ppca.posterior_mean(data), expected, atol=1e-5)
    np.testing.assert_allclose(ppca.posterior_variance, ppca.noise_variance / ppca.eigenvalues, rtol=1e-6)


def test_fixed_noise_switches_off_the_axes_below_it(data):
    ppca = referees.fit_ppca(data, 5, noise_variance=0.8)
    assert (np.square(ppca.loadings).sum(axis=1) > 0).sum() == (ppca.eigenvalues > 0.8).sum() == 2
    np.testing.assert_allclose(ppca.posterior_variance[2:], 1)


def test_samples_have_the_moments_of_the_model(data):
    ppca = referees.fit_ppca(data.astype(np.float64), 3)
    drawn = ppca.sample(40_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), ppca.mean, atol=0.04)
    covariance = ppca.loadings.T @ ppca.loadings + ppca.noise_variance * np.eye(12)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.06)
    silent = ppca.sample(100, np.random.default_rng(0), noise=False)
    assert np.linalg.matrix_rank(silent - ppca.mean, tol=1e-6) == 3


def test_water_filling_is_the_optimum_of_the_fixed_noise_model(data):
    eigenvalues = referees.fit_pca(data.astype(np.float64)).eigenvalues
    rate, distortion = referees.water_filling(eigenvalues, 0.3)
    ppca = referees.fit_ppca(data.astype(np.float64), 11, noise_variance=0.3)
    mu, variance = ppca.posterior_mean(data), ppca.posterior_variance
    assert rate == pytest.approx(0.5 * (np.square(mu).mean(axis=0) + variance - 1 - np.log(variance)).sum(), abs=1e-3)
    squares = np.square(data - ppca.decode(mu)).sum(axis=1).mean() + np.square(ppca.loadings).sum(axis=1) @ variance
    assert distortion == pytest.approx(squares, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda x: referees.fit_ppca(x, 12), "k must lie"),
        (lambda x: referees.fit_ppca(x, 3, noise_variance=0.0), "noise_variance"),
        (lambda x: referees.fit_ppca(referees.fit_pca(x, 4), 3), "must hold all 12"),
        (lambda x: referees.fit_ppca(np.repeat(x[:, :1], 3, axis=1).astype(float) * 0, 1), "no variance outside"),
        (lambda x: referees.fit_ppca(x, 3).decode(np.zeros((2, 4))), "codes must have shape"),
        (lambda x: referees.fit_ppca(x, 3).log_likelihood(x[:, :5]), "x must have shape"),
        (lambda x: referees.water_filling(np.array([1.0, -0.1]), 0.5), "eigenvalues"),
        (lambda x: referees.water_filling(np.ones(3), 0.0), "level"),
        (lambda x: metrics.importance_weighted_bound(np.zeros(3)), "log_weights"),
        (lambda x: metrics.nearest_distance(x, x[:, :3]), "gallery"),
        (lambda x: metrics.nearest_distance(x[:0], x), "n and m > 0"),
    ],
)
def test_a_wrong_argument_of_a_referee_is_named(call, named, data):
    with pytest.raises(ValueError, match=named):
        call(data)


# scores


def test_the_importance_weighted_bound_is_the_logarithm_of_the_mean_weight():
    weights = np.array([[1.0, 3.0], [2.0, 2.0]])
    np.testing.assert_allclose(metrics.importance_weighted_bound(np.log(weights)), np.log([2, 2]))
    np.testing.assert_allclose(metrics.importance_weighted_bound(np.log(weights) - 5000), np.log([2, 2]) - 5000)
    random = np.random.default_rng(0).normal(0, 3, (50, 8))
    assert (metrics.importance_weighted_bound(random) >= random.mean(axis=1)).all()


def test_nearest_distance_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(1500, 4)), rng.normal(size=(60, 4))
    expected = np.linalg.norm(a[:, None] - b[None], axis=2).min(axis=1)
    np.testing.assert_allclose(metrics.nearest_distance(a, b), expected, atol=1e-9)
    copies = a[:20].astype("float32")
    assert (metrics.nearest_distance(copies, copies) < 1e-3).all()  # no NaN from the root of a rounded square
