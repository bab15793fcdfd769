import numpy as np
import pytest
from sklearn.decomposition import PCA as SklearnPCA

from course_lib import referees


@pytest.fixture(scope="module")
def data():
    """400 points in 12 dimensions whose variances differ clearly, in float64."""
    rng = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    return rng.normal(size=(400, 12)) * 1.5 ** -np.arange(12) @ rotation + rng.normal(size=12)


def test_pca_agrees_with_scikit_learn(data):
    ours, theirs = referees.fit_pca(data, 5), SklearnPCA(5, svd_solver="full").fit(data)
    np.testing.assert_allclose(ours.mean, theirs.mean_)
    np.testing.assert_allclose(np.abs(np.sum(ours.components * theirs.components_, axis=1)), 1.0, atol=1e-9)
    np.testing.assert_allclose(ours.eigenvalues * 400 / 399, theirs.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(ours.explained_variance_ratio, theirs.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(ours.reconstruct(data), theirs.inverse_transform(theirs.transform(data)), atol=1e-9)


@pytest.mark.parametrize("k", [1, 3, 4, 12])
def test_pca_components_are_orthonormal_and_the_discarded_variance_is_the_error(data, k):
    pca = referees.fit_pca(data, k)
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(k), atol=1e-10)
    discarded = (pca.total_variance - pca.eigenvalues.sum()) / data.shape[1]
    assert discarded == pytest.approx(np.mean((pca.reconstruct(data) - data) ** 2), abs=1e-12)
    assert np.all(np.diff(pca.eigenvalues) <= 0)


def test_pca_beats_every_random_subspace_of_its_size(data):
    pca = referees.fit_pca(data, 3)
    best = np.mean((pca.reconstruct(data) - data) ** 2)
    rng = np.random.default_rng(1)
    for _ in range(50):
        basis, _ = np.linalg.qr(rng.normal(size=(12, 3)))
        error = np.mean(((data - pca.mean) - (data - pca.mean) @ basis @ basis.T) ** 2)
        assert error > best


def test_keeping_components_equals_fitting_fewer(data):
    few, kept = referees.fit_pca(data, 2), referees.fit_pca(data).keep(2)
    np.testing.assert_allclose(few.components, kept.components, atol=1e-9)
    np.testing.assert_allclose(few.eigenvalues, kept.eigenvalues)
    assert few.total_variance == pytest.approx(kept.total_variance)
    with pytest.raises(ValueError, match="k must lie between 0 and the 2"):
        kept.keep(3)


def test_pca_without_components_is_the_mean(data):
    pca = referees.fit_pca(data, 0)
    np.testing.assert_allclose(pca.reconstruct(data), np.broadcast_to(data.mean(0), data.shape))


def test_pca_of_float32_images_is_exact_to_single_precision(data):
    single, double = referees.fit_pca(data.astype(np.float32), 6), referees.fit_pca(data, 6)
    assert single.components.dtype == np.float32
    assert referees.principal_angles(single.components, double.components)[0] < 0.01
    np.testing.assert_allclose(single.eigenvalues, double.eigenvalues, rtol=1e-4)


def test_pca_names_a_wrong_shape(data):
    with pytest.raises(ValueError, match=r"train must have shape \(n, d\).*\(4, 28, 28\); flatten"):
        referees.fit_pca(np.zeros((4, 28, 28)))
    with pytest.raises(ValueError, match="k must lie between 0 and the 12"):
        referees.fit_pca(data, 13)
    pca = referees.fit_pca(data, 3)
    with pytest.raises(ValueError, match=r"x must have shape \(n, 12\)"):
        pca.encode(data[:, :5])
    with pytest.raises(ValueError, match=r"codes must have shape \(n, 3\)"):
        pca.decode(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="dtype"):
        referees.fit_pca(np.array([["a", "b"]]))


def test_principal_angles_do_not_depend_on_the_basis_and_measure_a_known_rotation():
    plane = np.eye(3)[:2]
    np.testing.assert_allclose(referees.principal_angles(plane, np.array([[2.0, 1.0, 0], [1, -3, 0]])), 0, atol=1e-6)
    tilted = np.array([[1.0, 0, 0], [0, np.cos(0.5), np.sin(0.5)]])
    np.testing.assert_allclose(referees.principal_angles(plane, tilted), [np.rad2deg(0.5), 0], atol=1e-6)
    with pytest.raises(ValueError, match="a has 2 rows of which only 1"):
        referees.principal_angles(np.ones((2, 3)), plane)
    with pytest.raises(ValueError, match=r"b must have shape \(n, 3\)"):
        referees.principal_angles(plane, np.eye(4))


def test_axes_inside_a_mixed_principal_span_are_the_principal_components(data):
    pca = referees.fit_pca(data, 4)
    mixed = np.random.default_rng(2).normal(size=(4, 4)) @ pca.components
    axes = referees.principal_axes_within(mixed, data)
    np.testing.assert_allclose(np.abs(np.sum(axes * pca.components, axis=1)), 1.0, atol=1e-8)
    with pytest.raises(ValueError, match="independent"):
        referees.principal_axes_within(np.ones((2, 12)), data)


def test_mean_image_averages_over_images_only():
    train = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_allclose(referees.mean_image(train), train.mean(axis=0))
    for wrong in (np.zeros(3), np.zeros((0, 3))):
        with pytest.raises(ValueError, match="train must have shape"):
            referees.mean_image(wrong)


def test_random_features_fit_a_curve_that_no_line_fits():
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-2, 2, (2000, 2))
    targets = np.stack([np.sin(2 * inputs[:, 0]), inputs[:, 0] * inputs[:, 1]], axis=1) + 5
    fitted = referees.fit_random_features(inputs[:1500], targets[:1500], 300, ridge=1e-4)
    error = np.mean((fitted.predict(inputs[1500:]) - targets[1500:]) ** 2)
    assert error < 0.02 * targets.var(axis=0).mean()


def test_random_features_with_a_heavy_ridge_answer_the_mean():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(300, 3)), rng.normal(size=(300, 2))
    fitted = referees.fit_random_features(inputs, targets, 20, ridge=1e9)
    np.testing.assert_allclose(fitted.predict(inputs), np.broadcast_to(targets.mean(0), targets.shape), atol=1e-6)


def test_random_features_are_repeatable_and_name_what_does_not_fit():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    first, second, other = (referees.fit_random_features(inputs, targets, 10, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.readout, second.readout)
    assert not np.allclose(first.readout, other.readout)
    with pytest.raises(ValueError, match="as many rows"):
        referees.fit_random_features(inputs, targets[:10])
    with pytest.raises(ValueError, match="positive"):
        referees.fit_random_features(inputs, targets, 0)
    with pytest.raises(ValueError, match=r"inputs must have shape \(n, 3\)"):
        first.predict(inputs[:, :2])
