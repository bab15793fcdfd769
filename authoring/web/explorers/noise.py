"""Explorer 3, *Take the noise away* (lesson 04): ``python -m authoring explorers noise`` writes

* ``noise_pictures``: the network of lesson 04 on top of the best straight line, told the level as in its deeper notebook;
* ``noise_circle`` and ``noise_wave``: the lesson's denoisers of points, one for each of its two curves;
* ``noise_data``: the line's axes and variances, ten test pictures, the curves, and what was measured on all test pictures.

Noise is not clipped here, unlike in most of lesson 04. Then the Wiener filter *is* the best affine map, at every level and
from one set of axes; for clipped noise the page would need a matrix a level, 1.2 MB each.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from authoring.web import networks
from authoring.web.explorers import EXPLORERS, NETWORKS, put_pictures
from course_lib import datasets, layers, metrics, models, referees, training

SEED = 0
LEVELS = [round(0.05 + 0.01 * i, 2) for i in range(46)]  # of the pictures' slider
POINT_LEVELS = [0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]  # of the points' slider
AXES = 400  # of 784; what that costs is measured below
MAY_COST = 0.1  # decibels, at any level
SHOWN = [110, 9, 80, 0, 135, 8, 54, 18, 91, 4]  # numbers of test pictures, one of each class
FIRST_LEVEL, FIRST_NOISE = 0.2, 1
FIRST_POINT, FIRST_POINT_LEVEL = (0.9, 1.2), 0.3
SIDE = (28, 28)


def main() -> None:
    """Train, measure, export, and hold the page's text against what was measured."""
    clothes = datasets.fashion_mnist()
    train, test = clothes.flat("train"), clothes.flat("test")
    line = BestLine.of(train)
    # The network is trained on the line that the page has: rounded to 16 bits
    arrays = line.arrays() | {"pictures": np.rint(255 * test[SHOWN]).astype(np.uint8)}
    arrays |= {name: (curve, "float32") for name, curve in CURVES.items()}
    networks.export_arrays(NETWORKS / "noise_data", arrays)
    line = BestLine.read(networks.read_arrays(NETWORKS / "noise_data"))

    denoiser = train_pictures(train, line)
    picture, level = networks.PICTURE, networks.Probe("uniform", LEVELS[0], LEVELS[-1])
    text = "Noisy picture, the best line's answer, noise level -> clean picture. Lesson 04."
    print(networks.export(denoiser, NETWORKS / "noise_pictures", probes=[picture, picture, level], text=text))
    denoisers_of_points = {}
    for name, variance in VARIANCE.items():
        denoisers_of_points[name] = train_points(name, variance)
        where = networks.Probe("normal", 0.0, math.sqrt(variance))
        logarithm = networks.Probe("uniform", math.log(POINT_LEVELS[0]), math.log(POINT_LEVELS[-1]))
        text = (
            f"Noisy point, logarithm of the noise level -> noise, in units of the level. Points of a {name}, lesson 04."
        )
        model = denoisers_of_points[name]
        print(networks.export(model, NETWORKS / f"noise_{name}", probes=[where, logarithm], text=text))

    facts = {
        "levels": LEVELS,
        "pointLevels": POINT_LEVELS,
        "shown": [{"test": i, "class": clothes.class_names[clothes.test_labels[i]]} for i in SHOWN],
        "decibels": measured(denoiser, line, test),
        "cut": cost_of_the_cut(line, train, test),
        "cosines": {name: cosines(model, name) for name, model in denoisers_of_points.items()},
    }
    if max(facts["cut"].values()) > MAY_COST:
        raise AssertionError(f"{AXES} axes cost {max(facts['cut'].values()):.3f} dB, more than {MAY_COST}")
    text = "The best straight line's axes, ten test pictures, two curves, and decibels on 2,000 test pictures."
    networks.export_arrays(NETWORKS / "noise_data", arrays, facts=facts, text=text)
    record(denoiser, denoisers_of_points, line, test)
    put_pictures("noise", {f"thumbnail-{i}": test[i].reshape(SIDE) for i in SHOWN})
    check_text()


# The best straight line -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BestLine:
    """The Wiener filter for every noise level, from the first :data:`AXES` principal axes of clean pictures.

    Along an axis with variance v it keeps the share v / (v + σ²). Of what the axes leave over, each pixel is treated alone:
    its clean part has the variance ``rest``, its noise σ² times ``free``, so the best line keeps rest / (rest + σ² free).

    Attributes:
        mean, rest, free: a number a pixel, shape (784,).
        axes: one axis a column, shape (784, AXES).
        variances: of clean pictures along the axes, shape (AXES,).
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    rest: np.ndarray
    free: np.ndarray

    @classmethod
    def of(cls, clean: np.ndarray, count: int = AXES) -> BestLine:
        """From clean pictures (n, 784)."""
        covariance = np.cov(clean.T, bias=True)
        variances, axes = np.linalg.eigh(covariance)
        variances, axes = variances[: -count - 1 : -1], axes[:, : -count - 1 : -1]
        rest = np.maximum(np.diag(covariance) - np.square(axes) @ variances, 0)
        return cls(clean.mean(axis=0), axes, variances, rest, np.maximum(1 - np.square(axes).sum(axis=1), 0))

    @classmethod
    def read(cls, arrays: Mapping[str, np.ndarray]) -> BestLine:
        """From the arrays that the page has."""
        return cls(*(arrays[name] for name in ("mean", "axes", "variances", "rest", "free")))

    def arrays(self) -> dict:
        """For ``export_arrays``: the axes in 16 bits, what is small in 32."""
        small = {name: (getattr(self, name), "float32") for name in ("mean", "variances", "rest", "free")}
        return small | {"axes": self.axes}

    def __call__(self, noisy: np.ndarray, level: float | np.ndarray) -> np.ndarray:
        """Answers to pictures (n, 784) with one level, or one a picture (n, 1); float32."""
        variance = np.square(np.float32(level))
        away = noisy - self.mean
        along = away @ self.axes
        left = away - along @ self.axes.T
        kept = (along * (self.variances / (self.variances + variance))) @ self.axes.T
        # Where a pixel has neither clean part nor noise left, nothing is left to keep
        share = self.rest / np.maximum(self.rest + variance * self.free, 1e-12)
        return (self.mean + kept + left * share).astype(np.float32)


def cost_of_the_cut(line: BestLine, train: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """Decibels that the exact Wiener filter scores above the page's, at some levels."""
    cost = {}
    for level in (0.05, 0.1, 0.2, 0.3, 0.5):
        noisy = add_noise(test, level)
        cost[f"{level:.2f}"] = round(
            decibels(test, referees.wiener_filter(train, level)(noisy)) - decibels(test, line(noisy, level)), 3
        )
    return cost


# Pictures ---------------------------------------------------------------------------------------------------------------


def add_noise(clean: np.ndarray, level: float) -> np.ndarray:
    """White noise that is not clipped, the same for every level: what the test pictures are measured with."""
    noise = np.random.default_rng([SEED, 10]).standard_normal(clean.shape, dtype="float32")
    return clean + np.float32(level) * noise


def page_noise(number: int, count: int = 784) -> np.ndarray:
    """White noise of level 1 as the page draws it: the same number, the same noise; shape (count,).

    Uniform numbers by xorshift (Marsaglia 2003), pairs of normal ones by the method of Box and Muller (1958): short enough
    to stand in both languages.
    """
    state = (number * 2654435761) % 2**32

    def uniform() -> float:
        nonlocal state
        state ^= (state << 13) % 2**32
        state ^= state >> 17
        state ^= (state << 5) % 2**32
        return state / 2**32

    for _ in range(20):  # neighbouring numbers begin alike
        uniform()
    noise = []
    while len(noise) < count:
        radius, angle = math.sqrt(-2 * math.log(uniform())), 2 * math.pi * uniform()
        noise += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(noise[:count])


def decibels(clean: np.ndarray, answer: np.ndarray) -> float:
    """PSNR of answers, clipped to [0, 1], as in the lesson."""
    return metrics.psnr(clean, metrics.clip01(answer.reshape(clean.shape)))


def picture_denoiser(filters: int = 24) -> keras.Model:
    """[noisy, the line's answer, level] -> that answer plus a correction, which is zero before training.

    The layers are those of ``models.build_level_denoiser``; the start comes as an input, since the page computes the line
    of each level itself.
    """
    noisy, line, level = keras.Input((*SIDE, 1)), keras.Input((*SIDE, 1)), keras.Input((1,))
    everywhere = keras.layers.UpSampling2D(SIDE)(keras.layers.Reshape((1, 1, 1))(level))
    hidden = keras.layers.Concatenate()([noisy, line, everywhere])
    hidden = keras.layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu")(hidden)
    for _ in range(2):
        hidden = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
    hidden = keras.layers.Conv2D(4, 3, padding="same", kernel_initializer="zeros")(hidden)
    correction = keras.layers.Multiply()([layers.PixelShuffle(2)(hidden), everywhere])
    return keras.Model([noisy, line, level], keras.layers.Add()([line, correction]))


def train_pictures(train: np.ndarray, line: BestLine, passes: int = 8) -> keras.Model:
    """The lesson's recipe, noise fresh in every pass; eight passes instead of three, for there are all levels to learn.

    Every doubling of the level is drawn as often, as for the lesson's points.
    """
    training.set_seed(SEED)
    denoiser = picture_denoiser()
    draw = np.random.default_rng([SEED, 60])
    clean = np.tile(train, (passes, 1))
    ends = np.log(0.8 * LEVELS[0]), np.log(1.1 * LEVELS[-1])  # a little beyond the slider
    level = np.exp(draw.uniform(*ends, (len(clean), 1))).astype("float32")
    noisy = clean + level * draw.standard_normal(clean.shape, dtype="float32")
    as_pictures = (-1, *SIDE, 1)
    inputs = [noisy.reshape(as_pictures), line(noisy, level).reshape(as_pictures), level]
    # TensorFlow's own convolutions are twice as fast on a CPU as those that XLA compiles
    training.fit(denoiser, inputs, clean.reshape(as_pictures), epochs=1, learning_rate=2e-3, jit_compile=False)
    return denoiser


def denoised(denoiser: keras.Model, noisy: np.ndarray, line: np.ndarray, level: float) -> np.ndarray:
    """The network's answer to flat pictures, flat again."""
    inputs = [x.reshape(-1, *SIDE, 1) for x in (noisy, line)] + [np.full((len(noisy), 1), level, "float32")]
    return denoiser.predict(inputs, batch_size=500, verbose=0).reshape(noisy.shape)


def measured(denoiser: keras.Model, line: BestLine, test: np.ndarray) -> dict[str, list[float]]:
    """Decibels on all test pictures at each of :data:`LEVELS`."""
    scores: dict[str, list[float]] = {"noisy": [], "line": [], "network": []}
    for level in LEVELS:
        noisy = add_noise(test, level)
        straight = line(noisy, level)
        answers = {"noisy": noisy, "line": straight, "network": denoised(denoiser, noisy, straight, level)}
        for name, answer in answers.items():
            scores[name].append(round(decibels(test, answer), 2))
    return scores


# Points -----------------------------------------------------------------------------------------------------------------


def _circle() -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 721)[:-1]
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _wave() -> np.ndarray:
    along = np.linspace(-3, 3, 400)
    return np.stack([along, np.sin(1.6 * along)], axis=1)


CURVES = {"circle": _circle(), "wave": _wave()}  # the lesson's two, as points (m, 2)
VARIANCE = {"circle": 0.5, "wave": 1.75}  # along each axis; of the wave the mean of both, 3 and 1/2


def best_answer(x: np.ndarray, curve: np.ndarray, level: float) -> np.ndarray:
    """The mean of the curve's points, each weighted by how likely it is behind a noisy point of x (n, 2)."""
    distance = np.square(x[:, None] - curve).sum(axis=-1)
    distance -= distance.min(axis=1, keepdims=True)  # else all weights may be 0, far from the curve
    weight = np.exp(-distance / (2 * level**2))
    return weight @ curve / weight.sum(axis=1, keepdims=True)


def train_points(name: str, variance: float, steps: int = 6000) -> keras.Model:
    """The lesson's recipe with the library's network; three times its steps, for the wave needs them."""
    training.set_seed(SEED)
    draw = np.random.default_rng([SEED, 51])
    count, curve = steps * 256, CURVES[name]
    clean = curve[draw.integers(0, len(curve), count)].astype("float32")
    logarithm = draw.uniform(math.log(POINT_LEVELS[0]), math.log(POINT_LEVELS[-1]), (count, 1)).astype("float32")
    noise = draw.standard_normal((count, 2), dtype="float32")
    model = models.build_point_denoiser("noise", variance=variance)
    inputs = [clean + np.exp(logarithm) * noise, logarithm]
    training.fit(model, inputs, noise, epochs=1, batch_size=256, learning_rate=5e-3)
    return model


def learned_answer(model: keras.Model, x: np.ndarray, level: float) -> np.ndarray:
    """Where a network sends noisy points (n, 2)."""
    logarithms = np.full((len(x), 1), math.log(level), "float32")
    return x - level * model.predict_on_batch([x.astype("float32"), logarithms])


def cosines(model: keras.Model, name: str) -> dict[str, float]:
    """Mean cosine between the network's steps and the exact ones, where noisy points fall."""
    draw, curve, found = np.random.default_rng([SEED, 9]), CURVES[name], {}
    for level in (0.1, 0.3, 0.6):
        x = curve[draw.integers(0, len(curve), 4000)] + level * draw.standard_normal((4000, 2))
        exact, learned = best_answer(x, curve, level) - x, learned_answer(model, x, level) - x
        lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(learned, axis=1)
        found[f"{level:.1f}"] = round(float(((exact * learned).sum(axis=1) / lengths).mean()), 3)
    return found


# What the page is held against ------------------------------------------------------------------------------------------


def record(denoiser: keras.Model, of_points: Mapping[str, keras.Model], line: BestLine, test: np.ndarray) -> None:
    """What Keras says about the first view and some others: for the test that compares the page with it."""
    pictures = []
    for index, level, number in ((SHOWN[0], FIRST_LEVEL, FIRST_NOISE), (SHOWN[4], 0.5, 7), (SHOWN[2], 0.05, 3)):
        clean = test[index : index + 1]
        noisy = (clean + level * page_noise(number)).astype("float32")
        straight = line(noisy, level)
        answers = {"noisy": noisy, "line": straight, "network": denoised(denoiser, noisy, straight, level)}
        scores = {name: decibels(clean, answer) for name, answer in answers.items()}
        sample = {name: _rounded(answer[0, 300:400:10]) for name, answer in answers.items()}
        pictures.append({"picture": index, "level": level, "noise": number, "decibels": scores, "pixels": sample})
    points = []
    for name, at, level in (
        ("circle", FIRST_POINT, FIRST_POINT_LEVEL),
        ("circle", (1.0, 0.0), 0.6),
        ("wave", (2, 0), 0.4),
    ):
        x = np.array([at], float)
        exact, learned = best_answer(x, CURVES[name], level)[0], learned_answer(of_points[name], x, level)[0]
        points.append({"curve": name, "at": at, "level": level, "exact": _rounded(exact), "learned": _rounded(learned)})
    told = {"pictures": pictures, "points": points}
    networks.RECORDED.mkdir(exist_ok=True)
    (networks.RECORDED / "noise.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(value), 5) for value in values]


def figures() -> dict[str, str]:
    """What the page's text says in numbers, phrase by phrase, computed from the exported files."""
    facts = json.loads((NETWORKS / "noise_data.json").read_text(encoding="utf-8"))["facts"]
    leads = np.subtract(facts["decibels"]["network"], facts["decibels"]["line"])
    if not 0.2 <= LEVELS[int(leads.argmax())] <= 0.3:
        raise AssertionError(f"the lead is largest at {LEVELS[int(leads.argmax())]}, and the text says 0.25")
    arrays = networks.read_arrays(NETWORKS / "noise_data")
    line, denoiser = BestLine.read(arrays), networks.rebuild(NETWORKS / "noise_pictures")

    def lead_on(test: int) -> float:
        clean = arrays["pictures"][[SHOWN.index(test)]]
        noisy = (clean + FIRST_LEVEL * page_noise(FIRST_NOISE)).astype("float32")
        straight = line(noisy, FIRST_LEVEL)
        return decibels(clean, denoised(denoiser, noisy, straight, FIRST_LEVEL)) - decibels(clean, straight)

    middle, circle = np.array([[0.2, 0.2]]), networks.rebuild(NETWORKS / "noise_circle")
    exact, learned = (
        np.linalg.norm(answer)
        for answer in (best_answer(middle, CURVES["circle"], 0.1), learned_answer(circle, middle, 0.1))
    )
    on_circle = np.linalg.norm(best_answer(np.array([[1.0, 0.0]]), CURVES["circle"], 0.6))
    return {
        "lead at the left end": f"{leads[0]:.1f} dB at 0.05",
        "largest lead": f"{leads.max():.1f} dB around 0.25",
        "lead at the right end": f"{leads[-1]:.1f} dB at 0.50",
        "sandal": f"{lead_on(9):.1f} dB on the sandal",
        "dress": f"{lead_on(80):.1f} dB on the checked dress",
        "a point of the circle": f"{on_circle:.2f} from the centre",
        "near the middle": f"to {exact:.2f} from the centre, the network to {learned:.2f}",
        "weights": f"{denoiser.count_params():,} weights",
        "cut": f"at most {max(facts['cut'].values()):.2f} dB",
    }


def check_text() -> None:
    """Hold the page's text against :func:`figures`.

    Raises:
        AssertionError: with what it should say.
    """
    text = " ".join((EXPLORERS / "noise.md").read_text(encoding="utf-8").split())
    missing = {name: phrase for name, phrase in figures().items() if phrase not in text}
    if missing:
        raise AssertionError(f"site/explorers/noise.md does not say {missing}")
