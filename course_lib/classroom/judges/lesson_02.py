"""The judges of lesson 02: PCA, the linear autoencoder, and what a code's axes mean."""

from __future__ import annotations

import itertools
import math

import numpy as np

from course_lib import referees
from course_lib.classroom.legacy import judge


def _cloud(rng, n: int, scales, mean) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian points (n, d) with the standard deviations ``scales`` along random axes, and these axes (rows)."""
    d = len(scales)
    axes, _ = np.linalg.qr(rng.normal(size=(d, d)))
    return rng.normal(size=(n, d)) * scales @ axes.T + mean, axes.T


@judge(
    "pca_reconstruct",
    title="Reconstruction from k principal components",
    section="What a linear autoencoder learns",
    question="From where are the coordinates along the principal axes measured?",
)
def judge_pca_reconstruct(pca_reconstruct, probe):
    """Training and test set with different means and different axes; then the projection itself is read off."""
    rng = probe.rng
    n, m, d, k = 40, 9, 7, int(rng.integers(2, 5))
    scales = np.geomspace(3, 0.3, d)
    train, _ = _cloud(rng, n, scales, rng.choice([-1, 1], d) * rng.uniform(1, 2, d))
    test, _ = _cloud(rng, m, scales, rng.choice([-1, 1], d) * rng.uniform(1, 2, d))
    result = probe.array(probe.call(pca_reconstruct, train, test, k))
    probe.require(
        result.shape != (m, k),
        "returns-the-codes",
        f"You returned shape {result.shape}: {k} coordinates for each sample. How do you get back to {d} features?",
    )
    probe.require(
        result.shape not in ((n, d), (n, k)),
        "reconstructs-the-training-set",
        f"You returned {n} samples, as many as the training set has. Which samples are to be reconstructed?",
    )
    got = probe.require_shape(result, (m, d), "One reconstruction for each test sample.")

    def through(fitted, enter, leave, pick=slice(0, k), weights=1.0, scale=1.0):
        rows = np.linalg.svd(fitted, full_matrices=False)[2][pick]
        return ((test - enter) / scale @ rows.T * weights) @ rows * scale + leave

    mean, centre = train.mean(axis=0), test.mean(axis=0)
    variances = np.linalg.svd((train - mean) / math.sqrt(n))[1][:k] ** 2
    true = through(train - mean, mean, mean)
    spread = train.std(axis=0)
    both, level = np.concatenate([train, test]), train.mean()
    whitened = (
        "scales-the-coordinates",
        "Twice the training variance, and your reconstruction changes its size: the coordinates were multiplied or "
        "divided by the variances. What should decode(encode(x)) be for a point inside the subspace?",
    )
    probe.settle(
        got,
        true,
        [
            (
                through(train, 0, 0),
                "never-centred",
                "You project the raw data. Through which point should the subspace pass?",
            ),
            (
                through(train - mean, 0, 0),
                "never-centred",
                "The axes are those of the centred data, the test samples are not centred. "
                "From where are coordinates measured?",
            ),
            (
                through(train, mean, mean),
                "centred-too-late",
                "The coordinates are measured from the mean, but your axes were fitted to data that were not centred. "
                "Where does the axis of an uncentred cloud point?",
            ),
            (
                through(train - mean, mean, 0),
                "forgets-to-add-the-mean",
                f"Your reconstructions lie around 0, the samples around {centre[0]:.2f} (first feature). "
                "What was taken away before the projection?",
            ),
            (
                through(train - mean, 0, mean),
                "adds-a-mean-never-subtracted",
                "You add the mean at the end. Was it taken away at the start?",
            ),
            (
                through(train - mean, centre, centre),
                "centres-on-the-test-mean",
                "The test samples are centred on their own mean. Would you know it if they came one at a time?",
            ),
            (
                through(train - mean, centre, mean),
                "centres-on-the-test-mean",
                "The test samples are centred on their own mean and moved to another. Which mean is known before the test?",
            ),
            (
                through(test - centre, centre, centre),
                "fits-on-the-test-set",
                "Your axes come from the test samples. What may a model look at before the test?",
            ),
            (
                through(test - mean, mean, mean),
                "fits-on-the-test-set",
                "Your axes come from the test samples. What may a model look at before the test?",
            ),
            (
                through(both - both.mean(axis=0), both.mean(axis=0), both.mean(axis=0)),
                "fits-on-the-test-set",
                "Mean and axes come from training and test samples together. What may a model look at before the test?",
            ),
            *(
                (
                    through(train - train.mean(axis=1, keepdims=True), at, at),
                    "centres-each-sample",
                    "You took the mean of each sample over its features. Over which axis is the mean of a cloud taken?",
                )
                for at in (test.mean(axis=1, keepdims=True), 0)
            ),
            *(
                (
                    through(train - level, at, at),
                    "one-mean-for-all-features",
                    "You took one mean over all numbers. How many means does a cloud in d dimensions have?",
                )
                for at in (level, 0)
            ),
            *(
                (through(train - mean, mean, mean, weights=weights), *whitened)
                for power in (-1, -0.5, 0.5, 1)
                for weights in (variances**power, (variances * n) ** power, (variances * n / (n - 1)) ** power)
            ),
            *(
                (
                    through(train - mean, mean, mean, pick=slice(0, wrong)),
                    "wrong-number-of-components",
                    f"You kept {wrong} components. How many were asked for?",
                )
                for wrong in (k - 1, k + 1)
            ),
            (
                through(train - mean, mean, mean, pick=slice(1, k + 1)),
                "skips-the-first-component",
                "You left the first component out. With which number does Python start to count?",
            ),
            (
                through((train - mean) / spread, mean, mean, scale=spread),
                "standardises",
                "You divided each feature by its standard deviation before the fit. "
                "Does that still minimise the squared error in the original units?",
            ),
            (
                np.clip(true, 0, 1),
                "clips",
                "Your result is clipped to [0, 1]. These features are not pixels: who asked for that?",
            ),
            (test, "copies", "You return the test samples themselves. Does everything fit through k numbers?"),
            (
                np.broadcast_to(mean, test.shape),
                "mean-only",
                "You return the training mean for every sample. Where did the k coordinates go?",
            ),
        ],
        *_subspace(probe, pca_reconstruct, train, k, mean),
    )
    # All components: nothing is lost.
    probe.require_close(
        probe.call(pca_reconstruct, train, test, d),
        test,
        "fails-with-all-components",
        f"With k = {d} components for {d} features nothing should be lost. What is cut off?",
    )


def _subspace(probe, pca_reconstruct, train, k: int, mean) -> tuple[str, str]:
    """Name what is wrong with a projection that no simple mistake explains; only read when the answer is wrong."""
    d = train.shape[1]
    result = probe.array(probe.call(pca_reconstruct, train, mean + np.eye(d), k))
    general = (
        "wrong-reconstruction",
        "Centre, project on the k axes of largest variance, go back: which step is another?",
    )
    if result.shape != (d, d) or not np.isfinite(result).all():
        return general
    projection = result - mean
    if not (
        np.allclose(projection, projection.T, atol=1e-4) and np.allclose(projection @ projection, projection, atol=1e-4)
    ):
        return general
    if round(np.trace(projection)) != k:
        return (
            "wrong-number-of-components",
            f"You kept {np.trace(projection):.0f} axes instead of {k}. Which slice takes k?",
        )
    covariance = np.cov(train.T)
    if np.allclose(projection @ covariance, covariance @ projection, atol=1e-3 * np.abs(covariance).max()):
        return (
            "not-the-largest-variance",
            f"You kept {k} principal axes, but not those of largest variance. In which order does your routine return them?",
        )
    return (
        "rows-for-columns",
        f"You project on {k} orthogonal directions that are no principal axes. Does your routine return the axes as rows, "
        "or as columns?",
    )


@judge(
    "explained_variance_ratio",
    title="Share of the variance",
    section="What a linear autoencoder learns",
    question="Which number of an SVD or an eigendecomposition is a variance, and which is its root?",
)
def judge_explained_variance_ratio(explained_variance_ratio, probe):
    """Far from the origin, and with fewer samples than features as well."""
    rng = probe.rng
    for n, d in ((30, 7), (6, 11)):
        k = int(rng.integers(3, 5))
        train, _ = _cloud(rng, n, np.geomspace(3, 0.3, d), rng.choice([-1, 1], d) * rng.uniform(1, 2, d))
        result = probe.array(probe.call(explained_variance_ratio, train, k))
        values = np.linalg.svd(train - train.mean(axis=0))[1]
        raw = np.linalg.svd(train)[1]
        shares = values**2 / np.sum(values**2)
        probe.require(
            result.ndim != 0,
            "one-number",
            f"You returned one number; {k} shares were asked for. What belongs to each component?",
        )
        probe.require(
            result.shape not in ((len(values),), (d,)),
            "ignores-k",
            f"You returned {result.size} shares; {k} were asked for. Where does k come in?",
        )
        got = probe.require_shape(result, (k,), "One share for each of the k components.")
        features = np.sort(train.var(axis=0))[::-1]
        smallest = np.sort(np.linalg.eigvalsh(np.cov(train.T)))
        smallest = smallest / smallest.sum()
        probe.settle(
            got,
            shares[:k],
            [
                (
                    values[:k] / values.sum(),
                    "not-squared",
                    "Those are shares of the singular values. Which power of them is a variance?",
                ),
                (
                    np.sqrt(shares[:k]),
                    "not-squared",
                    "The squares of your numbers sum to the share kept. Is a share of variance squared or not?",
                ),
                (
                    raw[:k] ** 2 / np.sum(raw**2),
                    "not-centred",
                    "Your first share is large because the data lie far from 0. From where is a variance measured?",
                ),
                (
                    raw[:k] / raw.sum(),
                    "not-centred",
                    "Your first share is large because the data lie far from 0. From where is a variance measured?",
                ),
                (
                    np.cumsum(shares)[:k],
                    "cumulative",
                    "Each of your numbers contains those before it. Is the share of a component asked for, or of all up to it?",
                ),
                (
                    shares[:k] / shares[:k].sum(),
                    "divides-by-the-kept",
                    f"Your {k} shares sum to 1. Do {k} components explain all of the variance?",
                ),
                (
                    values[:k] ** 2 / values[:k].sum() ** 2,
                    "square-of-the-sum",
                    "What comes first in the total, the squares or the sum?",
                ),
                (
                    values[:k] ** 2 / values.sum() ** 2,
                    "square-of-the-sum",
                    "What comes first in the total, the squares or the sum?",
                ),
                (
                    shares[:k][::-1],
                    "ascending",
                    "Your largest share stands last. In which order does your routine return eigenvalues?",
                ),
                (
                    smallest[:k],
                    "smallest-first",
                    "Those are the smallest shares. In which order does your routine return eigenvalues?",
                ),
                (
                    smallest[:k][::-1],
                    "smallest-first",
                    "Those are the smallest shares. In which order does your routine return eigenvalues?",
                ),
                *(
                    (
                        shares[:k] * factor,
                        "n-and-n-minus-one",
                        f"All your shares are {factor:.3g} times what they should be; there are {n} samples. "
                        "Do numerator and denominator divide by the same count?",
                    )
                    for factor in (n / (n - 1), (n - 1) / n)
                ),
                (100 * shares[:k], "percent", "Those are percents. What is all of the variance, as a share?"),
                *(
                    (
                        values[:k] ** 2 / divisor,
                        "variances-not-shares",
                        "Those are variances (or sums of squares), in squared units of the data. A share of what is asked for?",
                    )
                    for divisor in (1, n, n - 1, d)
                ),
                (
                    features[:k] / features.sum(),
                    "variances-of-the-features",
                    "Those are the shares of single features. Along which directions is the variance asked for?",
                ),
            ],
            "wrong-shares",
            "The variance along this axis, divided by the variance along all axes: which of the two is another?",
        )


@judge(
    "linear_autoencoder",
    title="A linear autoencoder that reaches PCA",
    section="What a linear autoencoder learns",
    question="Which activations does a linear map have? And is your loss still falling when the training ends?",
    trains=True,
)
def judge_linear_autoencoder(linear_autoencoder, probe):
    """Is the model affine, of rank k, as good as PCA on unseen data, on PCA's plane? Read off from its outputs."""
    import keras

    rng = probe.rng
    n, m, d, k = 2000, 1000, 20, int(rng.integers(2, 5))
    scales = np.sqrt(np.concatenate([np.linspace(3, 1.5, k), np.full(d - k, 0.1)]))
    data, _ = _cloud(rng, n + m, scales, rng.choice([-1, 1], d) * rng.uniform(0.3, 0.5, d))
    data = data.astype(np.float32)
    train, test = data[:n], data[n:]
    pca = referees.fit_pca(train.astype(np.float64), k)
    best = float(np.mean((pca.reconstruct(test.astype(np.float64)) - test) ** 2))
    nothing = float(np.mean((test - pca.mean) ** 2))

    model = probe.call(linear_autoencoder, train, k)
    probe.require(
        isinstance(model, keras.Model),
        "not-a-model",
        f"A trained Keras model was expected; you returned an object of type {type(model).__name__}. "
        "What does fit return, and what does it change?",
    )

    def predict(x) -> np.ndarray:
        try:
            made = model(np.asarray(x, np.float32), training=False)
        except Exception as error:
            probe.fail(
                "wrong-input-size",
                f"Your model could not take an array of shape {np.shape(x)} ({type(error).__name__}). "
                "Does it map from the input to the reconstruction, or is it one half only?",
            )
        return probe.array(made, "your model").astype(np.float64)

    made = predict(test)
    probe.require(
        made.shape == test.shape,
        "one-half-only",
        f"Your model made shape {made.shape} of an array of shape {test.shape}. "
        "Is it the whole autoencoder, or one of its halves?",
    )
    probe.require(
        np.isfinite(made).all(),
        "diverged",
        "Your model's output contains NaN or infinity. What happens to the loss if the learning rate is too large?",
    )
    steps = 3 * rng.normal(size=(2, 50, d))
    origin = predict(np.zeros((1, d)))
    bend = np.abs(predict(steps[0] + steps[1]) - predict(steps[0]) - predict(steps[1]) + origin).max()
    probe.require(
        bend < 1e-3 * (1 + np.abs(predict(steps[0])).max()),
        "nonlinearity-left-in",
        f"f(a + b) - f(a) - f(b) + f(0) should be 0 for a linear network; in yours it reaches {bend:.2g}. "
        "Which layer still has an activation?",
    )
    matrix = predict(np.eye(d)) - origin  # (d, d): row i is what a unit step in feature i does to the output
    _, sizes, rows = np.linalg.svd(matrix)
    rank = int((sizes > 1e-4 * max(sizes[0], 1e-12)).sum())
    probe.require(
        rank <= k,
        "code-too-large",
        f"{rank} numbers pass through your model; the code should hold {k}. Which layer is the narrowest?",
    )

    error = float(np.mean((made - test) ** 2))
    ratio = error / best
    if ratio > 1.02:
        said = f"On unseen data your mean squared error is {error:.4f}; PCA with {k} components has {best:.4f}."
        centred = predict(test - pca.mean) + pca.mean
        probe.require(
            np.mean((centred - test) ** 2) > 1.02 * best,
            "expects-centred-data",
            f"{said} If the training mean is taken away before your model and added after it, the error is "
            f"{np.mean((centred - test) ** 2):.4f}. Which layers could carry the mean?",
        )
        probe.require(
            error < 0.9 * nothing,
            "hardly-trained",
            f"{said} Predicting the training mean gives {nothing:.4f}. "
            "Has the model seen the data at all: is fit called, on which data, and for how many steps?",
        )
        outside = origin - origin @ rows[:rank].T @ rows[:rank]
        probe.require(
            np.linalg.norm(outside) > 1e-3 * np.linalg.norm(pca.mean),
            "no-bias",
            f"{said} All your reconstructions lie in a plane through 0, and the data's mean is far from 0. "
            "Which part of the last layer can move that plane?",
        )
        probe.require(
            rank == k,
            "code-too-small",
            f"{said} Only {rank} numbers pass through your model; the code should hold {k}. Where did the others go?",
        )
        probe.fail(
            "undertrained",
            f"{said} That is {ratio:.2f} times as much. Is the loss still falling at the end of your training? "
            "Is the learning rate large enough at the start, and small enough at the end? Is it the *squared* error that falls?",
        )
    angle = float(referees.principal_angles(rows[:k], pca.components)[0])
    probe.require(
        angle < 3,
        "subspace-tilted",
        f"The error is within 2 % of PCA's, but your decoder's subspace is tilted by {angle:.1f}° against PCA's. "
        "The last degrees cost little error and many steps: has the learning rate come down at the end?",
    )


@judge(
    "remix_code",
    title="The same autoencoder with another code",
    section="The axes of the code",
    question="The codes are multiplied by a matrix. What has to happen to them before the old decoder sees them?",
)
def judge_remix_code(remix_code, probe):
    """Codes first, then reconstructions; the mixing is neither symmetric nor a rotation."""
    rng = probe.rng
    d, k = 7, 3
    encoder, decoder = rng.normal(size=(d, k)), rng.normal(size=(k, d))
    left, right = (np.linalg.qr(rng.normal(size=(k, k)))[0] for _ in range(2))
    mixing = left * [0.5, 1.2, 2.5] @ right
    made = probe.call(remix_code, encoder, decoder, mixing)
    probe.require(
        isinstance(made, (tuple, list)) and len(made) == 2,
        "not-a-pair",
        "Two arrays were expected, the new encoder weights and the new decoder weights. What does your function return?",
    )
    new_encoder, new_decoder = (
        probe.array(a, f"the new {name} weights").astype(np.float64)
        for a, name in zip(made, ("encoder", "decoder"), strict=True)
    )
    probe.require(
        new_encoder.shape != decoder.shape
        or new_decoder.shape != encoder.shape
        or np.allclose(new_encoder.T, encoder @ mixing, rtol=1e-4, atol=1e-5),
        "wrong-order",
        f"You returned shapes {new_encoder.shape} and {new_decoder.shape}. Which of the two comes first?",
    )
    for new, old, name in ((new_encoder, encoder, "encoder"), (new_decoder, decoder, "decoder")):
        probe.require_shape(new, old.shape, f"The new {name} weights have the shape of the old ones.")
    x = rng.normal(size=(6, d))
    codes, wanted = x @ new_encoder, x @ encoder @ mixing
    inverse = np.linalg.inv(mixing)
    if not np.allclose(codes, wanted, rtol=1e-4, atol=1e-5):
        for matrix, name, question in (
            (
                inverse,
                "inverts-the-encoder",
                "Your new codes are codes @ inverse of mixing. Which of the two, encoder or decoder, has to undo the mixing?",
            ),
            (
                mixing.T,
                "transposed-mixing",
                "Your new codes are codes @ mixing.T. Samples are rows: from which side is the mixing multiplied?",
            ),
            (
                inverse.T,
                "inverts-the-encoder",
                "Your new codes are mixed by the transposed inverse. "
                "Which of the two, encoder or decoder, has to undo the mixing?",
            ),
            (np.eye(k), "codes-unchanged", "Your new encoder is the old one. Are its codes mixed?"),
        ):
            probe.require(not np.allclose(codes, x @ encoder @ matrix, rtol=1e-4, atol=1e-5), name, question)
        probe.require_close(
            codes,
            wanted,
            "wrong-codes",
            "That is x @ your new encoder against (x @ encoder) @ mixing. Can you move the brackets?",
        )
    before = x @ encoder @ decoder
    if np.allclose(codes @ new_decoder, before, rtol=1e-4, atol=1e-5):
        return
    said = "The codes are right, the reconstructions have changed."
    for matrix, name, question in (
        (
            np.eye(k),
            "decoder-unchanged",
            "Your new decoder is the old one. Which codes does it expect, and which does it get?",
        ),
        (mixing, "decoder-not-inverted", "Your decoder mixes the codes a second time. What would undo the first?"),
        (
            mixing.T,
            "assumes-a-rotation",
            "The transpose undoes a rotation. Is every invertible matrix a rotation?",
        ),
        (
            inverse.T,
            "transposed-inverse",
            "The inverse is the right one, but transposed. In codes @ mixing @ …, what stands directly behind the mixing?",
        ),
        (
            1 / mixing,
            "inverts-each-number",
            "1 / mixing inverts every number by itself. Which matrix times mixing gives the identity?",
        ),
    ):
        probe.require(not np.allclose(new_decoder, matrix @ decoder, rtol=1e-4, atol=1e-5), name, f"{said} {question}")
    probe.require(
        not np.allclose(new_decoder, np.linalg.pinv(new_encoder), rtol=1e-4, atol=1e-5),
        "inverts-the-encoder-instead-of-the-mixing",
        f"{said} Your new decoder is the pseudoinverse of the new encoder. Was the old decoder one of the old encoder?",
    )
    probe.require_close(
        codes @ new_decoder,
        before,
        "reconstructions-change",
        f"{said} Which matrix has to stand between the mixed codes and the old decoder?",
    )


@judge(
    "dead_units",
    title="Units that never fire",
    section="When it does not train",
    question="May a dead unit be active for one sample in a thousand?",
)
def judge_dead_units(dead_units, probe):
    """One unit of each kind: dead, rarely and faintly active, silent at first, constant; in random places."""
    rng = probe.rng
    n, k = int(rng.integers(30, 40)), int(rng.integers(11, 14))
    codes = rng.uniform(0.1, 2, (n, k)) * (rng.uniform(size=(n, k)) < 0.7)
    codes[0], codes[-1] = rng.uniform(0.1, 2, (2, k))
    places = rng.permutation(k)
    dead, (rare, late, early, constant, seldom) = np.sort(places[:3]), places[3:8]
    codes[:, [*dead, rare]] = 0
    codes[rng.integers(2, n - 2), rare] = 2e-5  # dead by its mean, alive by definition
    codes[0, late], codes[-1, early] = 0, 0
    codes[:, constant] = 0.75
    codes[2 : 2 + (3 * n) // 4, seldom] = 0
    codes = codes.astype(np.float32)
    quiet = rng.uniform(0.1, 1, (9, 5)).astype(np.float32)
    quiet[6] = 0  # a silent sample is no dead unit

    made = probe.call(dead_units, codes)
    probe.require(
        not (isinstance(made, tuple) and len(made) == 1 and np.ndim(made[0]) == 1),
        "tuple-of-arrays",
        "You returned a tuple that holds one array, as np.where and np.nonzero do. How do you take the array out?",
    )
    result = probe.array(made)
    probe.require(
        result.dtype.kind != "b",
        "mask-not-indices",
        f"You returned {result.size} truth values, one for each unit. Which units are they, counted from 0?",
    )
    probe.require(
        result.ndim != 0,
        "count-not-indices",
        f"You returned one number, {result}. That is how many units are dead. Which ones are they?",
    )
    probe.require(
        not (result.shape == (n, k) or (result.shape == (k,) and np.isin(result, (0, 1)).all())),
        "mask-not-indices",
        f"You returned shape {result.shape}, a mark for each unit. Which units are marked, counted from 0?",
    )
    probe.require(
        result.ndim == 1,
        "wrong-shape",
        f"One axis was expected; your shape is {result.shape}. How many numbers does one dead unit need?",
    )
    probe.require(
        np.array_equal(result, np.round(result)) and (result.dtype.kind in "iu" or result.size == 0),
        "not-integers",
        f"Indices are integers; your dtype is {result.dtype}. Could you use your result to index an array?",
    )
    probe.require(
        probe.array(probe.call(dead_units, quiet)).tolist() != [6],
        "samples-not-units",
        "In another batch of 9 samples and 5 units you found unit 6. Which axis of (n, k) counts the units?",
    )
    got = np.sort(result.astype(np.int64)).tolist()
    true = dead.tolist()
    by_mean = np.flatnonzero(codes.mean(axis=0) < 1e-3).tolist()
    if got != true:
        for wrong, name, question in (
            (
                by_mean,
                "small-is-not-zero",
                f"Unit {rare} has fired once, faintly, and is on your list. When is a unit dead: if it is small, or if it is 0?",
            ),
            (
                np.flatnonzero(codes[0] == 0).tolist(),
                "first-sample-only",
                "Your list fits the first sample. What do the other samples say?",
            ),
            (
                np.flatnonzero(codes[-1] == 0).tolist(),
                "last-sample-only",
                "Your list fits the last sample. What do the other samples say?",
            ),
            (
                np.flatnonzero((codes == 0).any(axis=0)).tolist(),
                "zero-for-some-sample",
                "Your list holds units that are 0 for some sample. Is that enough, or must it be all of them?",
            ),
            (
                np.flatnonzero((codes != 0).any(axis=0)).tolist(),
                "active-units",
                "Your list holds the units that do fire. Which ones are left?",
            ),
            (
                np.flatnonzero((codes != 0).all(axis=0)).tolist(),
                "active-units",
                "Your list holds the units that always fire. Which ones never do?",
            ),
            (
                np.flatnonzero(codes.std(axis=0) < 1e-7).tolist(),
                "constant-is-not-dead",
                f"Unit {constant} always has the value 0.75 and is on your list. Is a constant unit silent?",
            ),
            (
                np.flatnonzero(np.median(codes, axis=0) == 0).tolist(),
                "mostly-silent",
                "Your list holds units that are 0 for most samples. Is that enough, or must it be all of them?",
            ),
            (
                [unit + 1 for unit in true],
                "counts-from-one",
                "All your indices are one too large. With which number does Python start to count?",
            ),
        ):
            probe.require(got != sorted(wrong), name, question)
    probe.require(
        got == true,
        "wrong-units",
        f"Your list: {got}. Take one unit of it, or one that is missing, and look at its column: is it 0 for every sample?",
    )
    probe.require(
        result.tolist() == got,
        "unsorted",
        f"The units are right, the order is not: {result.tolist()}. Which order does the task want?",
    )
    for batch, wanted in ((quiet, []), (np.zeros((4, 6), np.float32), list(range(6)))):
        result = probe.array(probe.call(dead_units, batch))
        probe.require(
            result.ndim == 1 and result.tolist() == wanted,
            "wrong-units",
            f"For a batch in which {'all' if wanted else 'none'} of the {batch.shape[1]} units are dead, "
            f"{wanted} was expected; yours is {result.tolist()}. Which unit of yours is {'missing' if wanted else 'dead'}?",
        )


@judge(
    "is_bottleneck",
    title="Is the code smaller at all?",
    section="What goes wrong",
    question="How many numbers does a code of shape (7, 7, 32) hold?",
)
def judge_is_bottleneck(is_bottleneck, probe):
    """A set of shapes on which each shortcut gives another pattern of answers."""
    rng = probe.rng
    s, f = (int(v) for v in rng.choice([3, 4, 5, 6, 7], 2, replace=False))
    cases = [
        ((4 * s, 4 * s), (int(rng.integers(2, 9)),)),  # an ordinary bottleneck
        ((4 * s, 4 * s, 1), (2 * s, 2 * s, 2)),  # half of the numbers, more channels
        ((4 * s, 4 * s, 1), (s, s, 24)),  # a smaller picture, and more numbers
        ((4 * s, 4 * s, 3), (s, s, 48)),  # as many numbers
        ((4 * s * s,), (2 * s, 2 * s)),  # as many numbers, one more axis
        ((4 * s * s,), (2 * s, s, 2)),
        ((8 * s,), (9 * s,)),
        ((9 * s,), (8 * s,)),
        ((2, 600 * f), (20, 30 * f)),  # half of the numbers, a larger first axis
        ((40 * f, 5), (30 * f, 8)),  # more numbers, a smaller first axis
        ((12, 10), (115,)),  # fewer numbers, a larger sum, fewer axes
        ((500,), (20, 5, 4)),  # fewer numbers, more axes
        ((5 * f, 3, 2), (400,)),  # more numbers, fewer axes
        ((30, 30, 30), (40, 25, 26)),  # fewer numbers, a larger sum
        ((90, 2), (14, 13)),  # more numbers, a smaller sum
        ((10, 20), (10, 19)),  # fewer numbers, the same first axis
        ((30, 4), (20, 15)),  # more numbers, a shorter longest axis
    ]
    got = []
    for given, code in cases:
        made = probe.array(probe.call(is_bottleneck, given, code))
        probe.require(
            made.ndim == 0,
            "wrong-shape",
            f"One truth value was expected; your shape is {made.shape}. Does the whole code count, or each axis?",
        )
        probe.require(
            made.dtype.kind == "b",
            "not-a-bool",
            f"True or False was expected; you returned {made}. Which comparison is asked for?",
        )
        got.append(bool(made))

    def answers(rule) -> list[bool]:
        return [bool(rule(given, code)) for given, code in cases]

    true = answers(lambda a, b: math.prod(b) < math.prod(a))
    if got == true:
        return
    at = next(i for i, (ours, right) in enumerate(zip(got, true, strict=True)) if ours != right)
    said = f"For an input of {cases[at][0]} and a code of {cases[at][1]} you answer {got[at]}."
    for rule, name, question in (
        (
            lambda a, b: math.prod(b) <= math.prod(a),
            "equal-counts",
            "The two hold as many numbers. Is that strictly fewer?",
        ),
        (lambda a, b: math.prod(b) > math.prod(a), "inverted", "Which of the two should be the smaller one?"),
        (lambda a, b: math.prod(b) >= math.prod(a), "inverted", "Which of the two should be the smaller one?"),
        (lambda a, b: b[-1] < a[-1], "last-axis-only", "You look at the last axis. What do the other axes count?"),
        (
            lambda a, b: b[-1] < math.prod(a),
            "last-axis-only",
            "You look at the last axis of the code. What do the others count?",
        ),
        (lambda a, b: b[0] < a[0], "first-axis-only", "You look at the first axis. What do the other axes count?"),
        (
            lambda a, b: b[0] < math.prod(a),
            "first-axis-only",
            "You look at the first axis of the code. What do the others count?",
        ),
        (
            lambda a, b: sum(b) < sum(a),
            "adds-the-axes",
            "You add the axes. Does a picture of 28 by 28 pixels have 56 pixels?",
        ),
        (
            lambda a, b: len(b) < len(a),
            "counts-axes",
            "You count axes. How many numbers are in an array with few but long axes?",
        ),
        (
            lambda a, b: b < a,
            "compares-tuples",
            "Python compares tuples entry by entry and stops at the first difference. What do you want to compare?",
        ),
        (lambda a, b: max(b) < max(a), "longest-axis-only", "You compare the longest axes. What do the others count?"),
        (
            lambda a, b: math.prod(b[:2]) < math.prod(a[:2]),
            "height-and-width-only",
            "You compare height and width. How many channels does each place of the code hold?",
        ),
        (
            lambda a, b: math.prod(b[:-1]) < math.prod(a[:-1]),
            "height-and-width-only",
            "You leave the last axis out. How many channels does each place of the code hold?",
        ),
        (
            lambda a, b: math.prod(b[1:]) < math.prod(a[1:]),
            "skips-the-first-axis",
            "The shapes come without the batch axis. Which axis do you leave out?",
        ),
        (
            lambda a, b: math.prod(b) < 784,
            "ignores-the-input",
            "Your answer does not depend on the input's shape. Fewer than what?",
        ),
        (
            lambda a, b: all(q < p for p, q in zip(a, b, strict=False)),
            "axis-by-axis",
            "You compare axis by axis. Could a longer axis be made up for by a shorter one?",
        ),
        (
            lambda a, b: any(q < p for p, q in zip(a, b, strict=False)),
            "axis-by-axis",
            "You compare axis by axis. Could a longer axis be made up for by a shorter one?",
        ),
        (lambda a, b: True, "always-true", "Is every code smaller than its input?"),
        (lambda a, b: False, "always-false", "Is no code smaller than its input?"),
    ):
        probe.require(got != answers(rule), name, f"{said} {question}")
    probe.fail("wrong-comparison", f"{said} How many numbers are in each of the two?")


@judge(
    "principal_directions",
    title="Principal axes from a trained decoder",
    section="What goes wrong",
    question="The decoder's rows span a plane. Which directions inside this plane do the data prefer?",
)
def judge_principal_directions(principal_directions, probe):
    """A decoder with crooked rows whose span is not the principal subspace, and data far from the origin."""
    rng = probe.rng
    n, d, k = 60, 8, 3
    for _ in range(200):  # until the variances inside the span are well apart, so that the axes are well defined
        train, _ = _cloud(rng, n, np.geomspace(4, 0.4, d), rng.choice([-1, 1], d) * rng.uniform(1, 2, d))
        decoder = rng.normal(size=(k, d)) * rng.uniform(0.5, 3, (k, 1))
        true = referees.principal_axes_within(decoder, train)
        inside = np.var(train @ true.T, axis=0)
        if (inside[:-1] > 1.6 * inside[1:]).all() and np.linalg.cond(decoder) < 20:
            break
    made = probe.array(probe.call(principal_directions, decoder, train))
    probe.require(
        made.shape != (d, k),
        "axes-as-columns",
        f"You returned shape {made.shape}, with the directions as columns. Which way round does the task want them?",
    )
    got = probe.require_shape(made, (k, d), "One row for each direction, one column for each feature.").astype(
        np.float64
    )
    probe.require(np.isfinite(got).all(), "not-finite", "Your result contains NaN or infinity. By what do you divide?")

    lengths = np.linalg.norm(got, axis=1)

    def same(rows, ours=None) -> bool:
        """Equal up to length and sign."""
        ours = got if ours is None else ours
        cosines = np.abs(np.sum(ours * rows, axis=1)) / (
            np.linalg.norm(ours, axis=1) * np.linalg.norm(rows, axis=1) + 1e-12
        )
        return bool(np.all(cosines > 1 - 1e-6))

    if not same(true):
        probe.require(
            not same(true[::-1]),
            "rising-variance",
            "The directions are right, their order is not: the variance along them rises. "
            "In which order does your routine return eigenvectors?",
        )
        orders = [list(order) for order in itertools.permutations(range(k))]
        probe.require(
            not any(same(true[order]) for order in orders),
            "not-sorted",
            "The directions are right, their order is not. Along which of them do the data vary most?",
        )
        centred = train - train.mean(axis=0)
        orthonormal = np.linalg.qr(decoder.T)[0].T
        raw = np.linalg.svd(train @ orthonormal.T, full_matrices=False)[2] @ orthonormal
        codes = {
            "pseudoinverse": centred @ np.linalg.pinv(decoder),
            "transpose": centred @ decoder.T,
        }
        crooked = [np.linalg.svd(c, full_matrices=False)[2] @ decoder for c in codes.values()]
        for rows, name, question in (
            (
                decoder,
                "the-decoder-itself",
                "You return the decoder's rows. Are they orthogonal, and does the first carry the most variance?",
            ),
            (
                np.linalg.svd(decoder, full_matrices=False)[2],
                "svd-of-the-decoder",
                "You decomposed the decoder's weights alone. Do they know along which direction the data vary most?",
            ),
            (
                orthonormal,
                "orthogonalises-only",
                "You made the decoder's rows orthonormal. Which of the many orthonormal bases of their span do the data choose?",
            ),
            (
                np.linalg.svd(centred, full_matrices=False)[2][:k],
                "ignores-the-decoder",
                "Those are the principal axes of the data in all of space. Do they lie in the decoder's span?",
            ),
            (
                np.linalg.svd(train, full_matrices=False)[2][:k],
                "ignores-the-decoder",
                "Those are axes of the data in all of space. Do they lie in the decoder's span?",
            ),
            (
                raw,
                "not-centred",
                "Your first direction points at the data's mean. From where is a variance measured?",
            ),
            *(
                (
                    rows,
                    "principal-axes-of-the-codes",
                    "You did PCA on the codes and decoded its axes. "
                    "Are lengths and angles in the code the same as in the data, if the decoder's rows are crooked?",
                )
                for rows in crooked
            ),
        ):
            probe.require(not any(same(rows[order]) for order in orders), name, question)
        residual = got - got @ orthonormal.T @ orthonormal
        probe.require(
            np.abs(residual).max() < 1e-4 * max(lengths.max(), 1e-12),
            "outside-the-span",
            "Your directions leave the decoder's span: part of them cannot be written as a mixture of its rows. "
            "At which step do they leave?",
        )
        unit = got / np.maximum(lengths, 1e-12)[:, None]
        probe.require(
            np.allclose(unit @ unit.T, np.eye(k), atol=1e-3),
            "not-orthogonal",
            "Your directions are not orthogonal to each other. Which basis of the span do you start from?",
        )
        probe.fail(
            "not-the-axes-of-the-data",
            "Your directions span the right subspace, but along them the data's coordinates are correlated. "
            "Which rotation inside the span makes them uncorrelated?",
        )
    probe.require(
        np.allclose(lengths, 1, atol=1e-4),
        "not-unit-length",
        f"The directions are right, their lengths are {', '.join(f'{v:.3g}' for v in lengths)}. "
        "How long is a direction?",
    )
