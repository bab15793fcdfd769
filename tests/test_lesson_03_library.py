import keras
import numpy as np
import pytest

from course_lib import datasets, layers, losses, metrics, models, referees, training


@pytest.fixture(scope="module")
def mixtures():
    return datasets.sparse_mixtures(3000, seed=3)


def tensor(values):
    return keras.ops.convert_to_tensor(np.asarray(values, np.float32))


def numpy(values):
    return keras.ops.convert_to_numpy(values)


# Data


def test_mixtures_are_sums_of_few_atoms_of_norm_one(mixtures):
    assert mixtures.samples.shape == (3000, 32) and mixtures.atoms.shape == (64, 32)
    np.testing.assert_allclose(np.linalg.norm(mixtures.atoms, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(mixtures.samples, mixtures.codes @ mixtures.atoms, atol=1e-5)
    active = mixtures.codes[mixtures.codes != 0]
    assert ((mixtures.codes != 0).sum(axis=1) == 3).all() and active.min() >= 0.5 and active.max() <= 1.5
    assert (mixtures.codes != 0).any(axis=0).all(), "every atom is used"
    assert "3,000 samples of 3 among 64 atoms" in repr(mixtures)


def test_mixtures_repeat_with_their_seed_and_take_noise():
    first, again, other = (datasets.sparse_mixtures(10, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.samples, again.samples) and not np.array_equal(first.samples, other.samples)
    noisy = datasets.sparse_mixtures(2000, noise=0.1, seed=1)
    assert abs(np.std(noisy.samples - noisy.codes @ noisy.atoms) - 0.1) < 0.005


@pytest.mark.parametrize(
    ("options", "named"),
    [({"n": 0}, "n:"), ({"n_active": 65}, "n_active"), ({"noise": -1}, "noise"), ({"dim": 2.5}, "dim")],
)
def test_mixtures_name_what_is_wrong(options, named):
    with pytest.raises(ValueError, match=named):
        datasets.sparse_mixtures(**options)


def test_tablets_are_broken_sums_of_two_to_four_seals():
    clay = datasets.broken_tablets(3000, n_seals=12, seed=2)
    assert clay.pieces.shape == clay.seen.shape == (3000, 144) and clay.seals.shape == (12, 144)
    assert (clay.pieces[~clay.seen] == 0).all()
    left = clay.seen.mean(axis=1)
    assert left.min() >= 0.44 and left.max() <= 0.76 and clay.seen.mean(axis=0).min() > 0.2, (
        "every pixel is left somewhere"
    )
    np.testing.assert_allclose(np.linalg.norm(clay.seals, axis=1), 1, atol=1e-6)
    assert np.abs(clay.seals @ clay.seals.T - np.eye(12)).max() < 0.6
    tablet, there = clay.pieces[0], clay.seen[0]
    amounts = np.linalg.lstsq(clay.seals[:, there].T, tablet[there], rcond=None)[0]
    assert 2 <= (np.abs(amounts) > 0.3).sum() <= 4
    assert abs(np.std(tablet[there] - amounts @ clay.seals[:, there]) - 0.05) < 0.015
    assert "3,000 pieces with prints of 12 seals, 40% broken off" in repr(clay)


def test_tablets_repeat_with_their_seed_and_name_what_is_wrong():
    first, again, other = (datasets.broken_tablets(10, n_seals=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.pieces, again.pieces) and not np.array_equal(first.seals, other.seals)
    with pytest.raises(ValueError, match="n:"):
        datasets.broken_tablets(0)
    with pytest.raises(ValueError, match="n_seals"):
        datasets.broken_tablets(10, n_seals=121)


# Layers and losses


@pytest.mark.backends
@pytest.mark.parametrize("k", [1, 3, 7])
def test_top_k_keeps_the_largest_positive_of_each_row(k):
    codes = np.random.default_rng(k).normal(size=(20, 7)).astype(np.float32)
    codes[0] = -np.abs(codes[0])
    got = numpy(layers.TopK(k)(tensor(codes)))
    rank = np.argsort(np.argsort(-codes, axis=1), axis=1)
    np.testing.assert_allclose(got, np.where((rank < k) & (codes > 0), codes, 0))
    assert not got[0].any()


@pytest.mark.backends
def test_top_k_sends_the_gradient_to_the_winners_only():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, use_bias=False), layers.TopK(2)])
    start = np.array([[3.0, -1.0, 2.0, 1.0]], np.float32)
    model.layers[0].set_weights([start])
    model.compile(keras.optimizers.SGD(1.0), lambda true, made: keras.ops.sum(made))
    model.train_on_batch(np.ones((1, 1), np.float32), np.zeros((1, 4), np.float32))
    np.testing.assert_allclose(start - model.layers[0].get_weights()[0], [[1, 0, 1, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: layers.TopK(0), "k must be a positive integer"),
        (lambda: layers.TopK(2.5), "k must be a positive integer"),
        (lambda: layers.TopK(5)(np.zeros((2, 4), np.float32)), "at most the number of units, 4"),
        (lambda: layers.L1Penalty(-1), "strength"),
        (lambda: layers.KLPenalty(1.0, 1.0), "target"),
        (lambda: layers.KLPenalty(0.1, -1.0), "strength"),
        (lambda: losses.l1_penalty(np.zeros(3, np.float32), 1.0), "codes must have shape"),
        (lambda: losses.kl_sparsity(np.full((2, 3), 0.5, np.float32), 0), "target"),
    ],
)
def test_layers_and_losses_name_what_is_wrong(call, named):
    with pytest.raises(ValueError, match=named):
        call()


@pytest.mark.backends
def test_penalties_have_their_closed_forms_and_ignore_the_batch_size():
    codes = np.random.default_rng(0).uniform(0.02, 0.9, (6, 5)).astype(np.float32)
    activity = codes.mean(axis=0)
    kl = 0.1 * np.log(0.1 / activity) + 0.9 * np.log(0.9 / (1 - activity))
    for batch in (codes, np.concatenate([codes, codes])):
        assert float(losses.kl_sparsity(tensor(batch), 0.1)) == pytest.approx(kl.sum(), rel=1e-4)
        assert float(losses.l1_penalty(tensor(-batch), 0.3)) == pytest.approx(0.3 * codes.sum() / 6, rel=1e-5)
    assert float(losses.kl_sparsity(tensor(np.full((4, 3), 0.25)), 0.25)) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(float(losses.kl_sparsity(tensor(np.zeros((4, 3))), 0.25)))
    squares = losses.summed_squared_error(tensor(codes.reshape(6, 5, 1)), tensor(np.zeros((6, 5, 1))))
    np.testing.assert_allclose(numpy(squares), np.square(codes).sum(axis=1), rtol=1e-5)


@pytest.mark.backends
def test_penalty_layers_add_to_the_loss_of_the_model():
    codes = np.random.default_rng(0).uniform(0.1, 0.9, (6, 5)).astype(np.float32)
    for layer, penalty in (
        (layers.L1Penalty(0.3), losses.l1_penalty(tensor(codes), 0.3)),
        (layers.KLPenalty(0.1, 2.0), 2.0 * losses.kl_sparsity(tensor(codes), 0.1)),
    ):
        model = keras.Sequential([keras.Input((5,)), layer])
        model.compile("sgd", losses.summed_squared_error)
        assert model.evaluate(codes, codes, batch_size=6, verbose=0) == pytest.approx(float(penalty), rel=1e-4)


# Model


KINDS = {
    "plain": (None, {}),
    "topk": (layers.TopK(3), {}),
    "l1": (layers.L1Penalty(0.1), {}),
    "kl": (layers.KLPenalty(0.05, 1.0), {"activation": "sigmoid", "unit_norm": False}),
}


@pytest.mark.backends
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_sparse_autoencoder_trains_saves_and_keeps_its_atoms_at_norm_one(kind, mixtures, tmp_path):
    sparsity, options = KINDS[kind]
    keras.utils.set_random_seed(0)
    sparsity = sparsity if sparsity is None else type(sparsity).from_config(sparsity.get_config())
    encoder, decoder, autoencoder = models.build_sparse_autoencoder(32, 40, sparsity, **options)
    x = mixtures.samples[:400]
    run = training.fit(autoencoder, x, epochs=3, batch_size=50, loss=losses.summed_squared_error)
    assert run.loss[-1] < run.loss[0]
    atoms, codes = decoder.get_layer("atoms").get_weights()[0], encoder.predict(x, verbose=0)
    if options.get("unit_norm", True):
        np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-4)
    if kind == "topk":
        assert metrics.l0(codes) <= 3
    assert codes.min() >= 0
    np.testing.assert_allclose(autoencoder.predict(x, verbose=0), codes @ atoms, atol=1e-4)
    autoencoder.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(
        tmp_path / "model.keras", custom_objects={"summed_squared_error": losses.summed_squared_error}
    )
    np.testing.assert_allclose(loaded.predict(x, verbose=0), codes @ atoms, atol=1e-4)


def test_the_sparse_autoencoder_starts_with_the_atoms_it_was_given(mixtures):
    encoder, decoder, _ = models.build_sparse_autoencoder(32, 64, atoms=3 * mixtures.atoms)
    np.testing.assert_allclose(decoder.get_layer("atoms").get_weights()[0], mixtures.atoms, atol=1e-6)
    np.testing.assert_allclose(encoder.get_layer("detectors").get_weights()[0], mixtures.atoms.T, atol=1e-6)
    keras.utils.set_random_seed(1)
    first = models.build_sparse_autoencoder(32, 8)[0].get_weights()[0]
    keras.utils.set_random_seed(1)
    assert np.array_equal(first, models.build_sparse_autoencoder(32, 8)[0].get_weights()[0])


@pytest.mark.backends
def test_dead_units_are_revived_and_living_ones_left_alone(mixtures):
    encoder, decoder, _ = models.build_sparse_autoencoder(32, 40, layers.TopK(3))
    weights, bias = encoder.get_layer("detectors").get_weights()
    bias[[4, 17]] = -100
    encoder.get_layer("detectors").set_weights([weights, bias])
    before = decoder.get_layer("atoms").get_weights()[0]
    x = mixtures.samples[:500]
    dead = np.flatnonzero(metrics.firing_rates(encoder.predict(x, verbose=0)) == 0)
    assert {4, 17} <= set(dead)
    assert models.revive_dead_units(encoder, decoder, x) == len(dead)
    after = decoder.get_layer("atoms").get_weights()[0]
    alive = np.delete(np.arange(40), dead)
    np.testing.assert_allclose(after[alive], before[alive])
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-5)
    rates = metrics.firing_rates(encoder.predict(x, verbose=0))
    assert (rates[[4, 17]] > 0).all()
    with pytest.raises(ValueError, match="samples must have shape"):
        models.revive_dead_units(encoder, decoder, x[:, :5])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: models.build_sparse_autoencoder(0, 8), "input_dim"),
        (lambda: models.build_sparse_autoencoder(8, 2.5), "units"),
        (lambda: models.build_sparse_autoencoder(8, 4, atoms=np.ones((8, 4))), r"atoms must have shape \(4, 8\)"),
        (lambda: models.build_sparse_autoencoder(8, 2, atoms=np.zeros((2, 8))), "row of zeros"),
    ],
)
def test_a_sparse_autoencoder_names_what_is_wrong(call, named):
    with pytest.raises(ValueError, match=named):
        call()


# Referees


def test_own_best_coefficients_are_a_best_choice():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 8)) @ rng.normal(size=(8, 8))
    pca = referees.fit_pca(x)
    codes = referees.best_coefficients(pca, x, 3)
    assert ((codes != 0).sum(axis=1) == 3).all()
    everything = pca.encode(x)
    from itertools import combinations

    left = [
        np.square(everything[:, [j for j in range(8) if j not in kept]]).sum(axis=1)
        for kept in combinations(range(8), 3)
    ]
    np.testing.assert_allclose(np.square(x - pca.decode(codes)).sum(axis=1), np.min(left, axis=0), rtol=1e-8)
    np.testing.assert_allclose(pca.decode(referees.best_coefficients(pca, x, 8)), x, atol=1e-8)
    assert not referees.best_coefficients(pca, x, 0).any()
    with pytest.raises(ValueError, match="k must lie"):
        referees.best_coefficients(pca, x, 9)


def test_matching_pursuit_agrees_with_scikit_learn(mixtures):
    from sklearn.linear_model import orthogonal_mp

    x = mixtures.samples[:200].astype(np.float64)
    atoms = mixtures.atoms / np.linalg.norm(mixtures.atoms.astype(np.float64), axis=1, keepdims=True)
    ours = referees.orthogonal_matching_pursuit(x, atoms, 3)
    np.testing.assert_allclose(ours, orthogonal_mp(atoms.T, x.T, n_nonzero_coefs=3).T, atol=1e-5)


def test_matching_pursuit_is_exact_for_orthogonal_atoms():
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    x = np.random.default_rng(2).normal(size=(5, 6))
    np.testing.assert_allclose(referees.orthogonal_matching_pursuit(x, axes, 6) @ axes, x, atol=1e-6)
    with pytest.raises(ValueError, match="norm 1"):
        referees.orthogonal_matching_pursuit(x, 2 * axes, 2)
    with pytest.raises(ValueError, match="k must lie"):
        referees.orthogonal_matching_pursuit(x, axes, 7)


def test_refitting_is_least_squares_on_the_support(mixtures):
    rng = np.random.default_rng(0)
    x, atoms = mixtures.samples[:30], mixtures.atoms
    codes = rng.random((30, 64)) * (rng.random((30, 64)) < 0.1)
    codes[0] = 0
    got = referees.refit_codes(x, codes, atoms)
    assert not got[0].any() and ((got != 0) <= (codes != 0)).all()
    for i in range(1, 30):
        used = np.flatnonzero(codes[i])
        wanted = np.linalg.lstsq(atoms[used].T.astype(float), x[i].astype(float), rcond=None)[0]
        np.testing.assert_allclose(got[i, used], wanted, atol=1e-5)
    assert not referees.refit_codes(x, 0 * codes, atoms).any()
    with pytest.raises(ValueError, match="as many rows"):
        referees.refit_codes(x[:3], codes, atoms)


@pytest.mark.parametrize("seed", range(3))
def test_alternating_least_squares_recovers_the_dictionary(seed):
    truth = datasets.sparse_mixtures(3000, seed=seed)
    fitted = referees.fit_dictionary(truth.samples, 96, 3, rounds=25, seed=seed)
    assert np.mean(metrics.atom_matches(fitted.atoms, truth.atoms) > 0.9) >= 0.9
    assert fitted.errors[-1] < 0.2 * fitted.errors[0]
    np.testing.assert_allclose(np.linalg.norm(fitted.atoms, axis=1), 1, atol=1e-8)
    assert ((fitted.encode(truth.samples[:20]) != 0).sum(axis=1) <= 3).all()
    assert fitted.reconstruct(truth.samples[:20]).shape == (20, 32)


def test_fitting_a_dictionary_names_what_is_wrong(mixtures):
    for options, named in (((5000, 3), "n_atoms"), ((10, 0), "k must lie"), ((10, 11), "k must lie")):
        with pytest.raises(ValueError, match=named):
            referees.fit_dictionary(mixtures.samples, *options)
    with pytest.raises(ValueError, match="rounds"):
        referees.fit_dictionary(mixtures.samples, 10, 3, rounds=0)
    with pytest.raises(ValueError, match="rows other than 0"):
        referees.fit_dictionary(np.eye(8, 4), 8, 2)


# Metrics


def test_active_units_are_counted():
    codes = np.array([[0, 3, -2.0], [0, 0, 0.5]])
    assert metrics.l0(codes) == 1.5 and metrics.l0(codes, 0.5) == 1.0
    assert metrics.firing_rates(codes).tolist() == [0, 0.5, 1]
    assert metrics.firing_rates(codes, 1.0).tolist() == [0, 0.5, 0.5]
    for call in (lambda: metrics.l0(codes[0]), lambda: metrics.l0(codes, -1), lambda: metrics.firing_rates(codes, -1)):
        with pytest.raises(ValueError):
            call()


def test_overlap_is_the_jaccard_index():
    a = np.array([[1, 2, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0]])
    b = np.array([[9, 0, -5, 0], [0, 0, 0, 0], [1, 0, 0, 0], [2, 2, 2, 0]])
    np.testing.assert_allclose(metrics.active_set_overlap(a, b), [1 / 3, 1, 0, 1])
    with pytest.raises(ValueError, match="same shape"):
        metrics.active_set_overlap(a, b[:, :3])


def test_atoms_are_matched_up_to_sign_and_length(mixtures):
    shuffled = -3 * mixtures.atoms[::-1]
    np.testing.assert_allclose(metrics.atom_matches(shuffled, mixtures.atoms), 1, atol=1e-6)
    assert metrics.atom_matches(np.zeros((2, 32)), mixtures.atoms).max() == 0
    with pytest.raises(ValueError, match="as many columns"):
        metrics.atom_matches(np.ones((2, 31)), mixtures.atoms)
