"""A small capstone that exists in the tests only: its lesson, its judge and its words.

Pictures of eight pixels are mixtures of two patterns, with noise. The learner gets noisy and clean ones, builds and trains
a denoiser, and returns it; the check has others, which they have not seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from authoring import bank
from authoring.source import Lesson
from course_lib.classroom.exercise import judges_of

NUMBER = 98
HEADER = f"""# ---
# jupyter:
#   course:
#     title: A toy
#     lesson: {NUMBER}
#     minutes: 10
#     objectives:
#       - Build a denoiser
# ---

"""
LESSON = HEADER + "# %% [markdown]\n# ## Noise\n"
EXERCISES = (
    HEADER
    + '''
# %%
import numpy as np

from course_lib import check

# %% [markdown] tags=["task"]
# ## toy_denoiser: quiet please ★★★ · 30 minutes · capstone
#
# `noisy` and `clean` have shape `(n, 8)`. Return a Keras model that cleans rows it has not seen.
#
# **Success looks like** an error near that of the best linear map.

# %% tags=["answer"]
def toy_denoiser(noisy, clean):
    """A trained denoiser."""
    # SOLUTION BEGIN
    import keras

    model = keras.Sequential([keras.Input((noisy.shape[1],)), keras.layers.Dense(noisy.shape[1])])
    model.compile(keras.optimizers.Adam(0.03), "mse")
    model.fit(noisy, clean, epochs=20, batch_size=32, verbose=0)
    return model
    # SOLUTION END
    # STUB: raise NotImplementedError("toy_denoiser: write your answer here")


# %% tags=["check"]
check(toy_denoiser)

# %% [markdown] tags=["explanation"]
# The target is the clean row.
'''
)
VARIANTS = """
import numpy as np


def toy_denoiser(noisy, clean):
    import keras

    model = keras.Sequential([keras.Input((noisy.shape[1],)), keras.layers.Dense(noisy.shape[1])])
    ones = np.ones((len(noisy), 1))
    solved = np.linalg.lstsq(np.hstack([noisy, ones]), clean, rcond=None)[0]
    model.set_weights([solved[:-1], solved[-1]])
    return model
"""
WRONG = """
import keras

from authoring.bank import wrong


def dense(n):
    return keras.Sequential([keras.Input((n,)), keras.layers.Dense(n)])


@wrong("copies-its-input")
def toy_denoiser(noisy, clean):
    return keras.Sequential([keras.Input((noisy.shape[1],)), keras.layers.Activation("linear")])


@wrong("answers-the-mean")
def toy_denoiser(noisy, clean):
    model = dense(noisy.shape[1])
    kernel, _ = model.get_weights()
    model.set_weights([0 * kernel, clean.mean(axis=0)])
    return model


@wrong("untrained")
def toy_denoiser(noisy, clean):
    return dense(noisy.shape[1])


@wrong("copies-its-input")
def toy_denoiser(noisy, clean):
    model = dense(noisy.shape[1])
    model.compile(keras.optimizers.Adam(0.03), "mse")
    model.fit(noisy, noisy, epochs=20, batch_size=32, verbose=0)
    return model


@wrong("no-model")
def toy_denoiser(noisy, clean):
    return clean
"""
WORDS = {
    "toy_denoiser": {
        "title": "Quiet please",
        "section": "Noise",
        "hint": "What should the model give, and what does it get?",
        "questions": {
            "no-model": "Which object can clean rows that arrive tomorrow?",
            "copies-its-input": "What was the target of the training?",
            "answers-the-mean": "Does your model look at its input?",
            "untrained": "What did your model learn from?",
            "too-loud": "Your error is {error:.3f}, the referee's {referee:.3f}. What keeps you from it?",
        },
    }
}


def register():
    """Register the judge; call it where the registry and the words are patched."""
    judge = judges_of(NUMBER)

    @judge("toy_denoiser", capstone=True)
    def judge_toy_denoiser(toy_denoiser, probe):
        patterns = probe.rng.normal(size=(2, 8))

        def draw(n):
            clean = probe.rng.normal(size=(n, 2)) @ patterns + 1.0
            return (clean + 0.7 * probe.rng.normal(size=clean.shape)).astype(np.float32), clean.astype(np.float32)

        noisy, clean = draw(1000)
        model = probe.call(toy_denoiser, noisy, clean)
        probe.require(getattr(model, "kind", "") == "model", "no-model")
        unseen, truth = draw(500)
        got = probe.shape(probe.predict(model, unseen), truth.shape)
        ones = np.ones((1000, 1))
        best = np.linalg.lstsq(np.hstack([noisy, ones]), clean, rcond=None)[0]
        referee = np.mean((unseen @ best[:-1] + best[-1] - truth) ** 2)
        trivial, error = np.mean((unseen - truth) ** 2), np.mean((got - truth) ** 2)
        probe.require(np.mean((got - unseen) ** 2) > 0.1 * trivial, "copies-its-input")
        probe.require(np.ptp(got, axis=0).max() > 1e-3, "answers-the-mean")
        probe.require(error < trivial, "untrained")
        probe.require(error < referee + 0.3 * (trivial - referee), "too-loud", error=error, referee=referee)
        return f"Error: as it is {trivial:.2f}, the best linear map {referee:.2f}, yours {error:.2f}."


def write(source: Path) -> Lesson:
    """The lesson, in a folder below ``source``."""
    folder = source / f"{NUMBER}_toy"
    folder.mkdir(parents=True)
    for name, text in (
        ("lesson.py", LESSON),
        ("exercises.py", EXERCISES),
        ("variants.py", VARIANTS),
        ("wrong_answers.py", WRONG),
        ("instructor.md", "# Notes\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return Lesson(folder)


def answers_of(folder: str, kind: str) -> list:
    """The solution, or the first wrong answer, for a process of its own."""
    lesson = Lesson(Path(folder))
    if kind == "solution":
        return [bank.solutions(lesson)["toy_denoiser"]]
    return list(bank.wrong_answers(lesson)[0].answers)
