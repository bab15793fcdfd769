"""What ``make bench`` does where the complete Fashion-MNIST is not to be had; nothing is trained here."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bench import __main__ as program
from bench import clothes, denoiser, latency, race, warm_start
from course_lib import datasets

EMBEDDED = datasets.fashion_mnist()
COMPLETE = dataclasses.replace(
    EMBEDDED,
    train=np.zeros((60_000, 28, 28), np.uint8),
    train_labels=np.zeros(60_000, int),
    validation=EMBEDDED.train[:0],
    validation_labels=EMBEDDED.train_labels[:0],
    test=np.zeros((10_000, 28, 28), np.uint8),
    test_labels=np.zeros(10_000, int),
)


@pytest.fixture
def asked(monkeypatch):
    """How often the complete set was asked for; ``found`` is what comes."""
    calls = []

    def loader(found):
        def fashion_mnist(full=False):
            if not full:
                return EMBEDDED
            calls.append(full)
            if found is None:
                raise datasets.DataError("The complete Fashion-MNIST is not on this computer.")
            return found

        monkeypatch.setattr(datasets, "fashion_mnist", fashion_mnist)
        clothes.best_there_is.cache_clear()
        return calls

    yield loader
    clothes.best_there_is.cache_clear()


@pytest.fixture
def races(monkeypatch):
    """The races without trainings: what each was run on, and the seconds and scores that it gives its methods."""
    seen, result = [], {"seconds": (8.0, 1.0), "better": True}

    def run(methods, raw, score, runs):
        seen.append((len(raw), runs))
        lower_is_better = "PCA alone" in methods
        fast = warm_start.FAST if lower_is_better else denoiser.FAST
        good = 1.0 if result["better"] == lower_is_better else 3.0
        return [
            race.Result(name, [result["seconds"][name == fast]] * runs, [good if name == fast else 2.0] * runs)
            for name in methods
        ]

    monkeypatch.setattr(race, "race", run)
    monkeypatch.setattr(latency, "report", lambda: print("latencies") or True)
    monkeypatch.setattr("sys.argv", ["bench", "--runs", "2"])
    return seen, result


def test_without_the_complete_set_everything_runs_on_the_embedded_one(asked, races, capsys):
    calls, (seen, _) = asked(None), races
    assert program.main() == 0
    text = capsys.readouterr().out
    assert calls == [True], "one vain download is enough"
    assert seen == [(12_000, 2), (12_000, 2)]
    assert text.count("is not on this computer") == 1 and "Measuring on the embedded set instead" in text
    assert text.count("12,000 images") >= 2 and text.count("2,000 test images") >= 2 and "60,000 images of" not in text
    assert text.index("embedded set") < text.index("Time to quality") < text.index("latencies")


def test_on_the_embedded_set_times_are_not_judged_and_scores_are(asked, races, capsys):
    asked(None)
    races[1]["seconds"] = (2.0, 1.0)
    assert program.main() == 0
    races[1]["better"] = False
    assert program.main() == 1
    assert "WORSE" in capsys.readouterr().out


def test_with_the_complete_set_the_bars_are_what_they_were(asked, races, capsys):
    asked(COMPLETE)
    assert program.main() == 0
    text = capsys.readouterr().out
    assert "embedded" not in text and text.count("Required: 4x faster") == 2 and "10,000 test images" in text
    races[1]["seconds"] = (2.0, 1.0)
    assert program.main() == 1


@pytest.mark.parametrize(
    "found, train, unseen", [(None, 12_000, "2,000 validation images"), (COMPLETE, 50_000, "last 10,000")]
)
def test_held_out_images_are_never_those_of_the_test(asked, found, train, unseen):
    asked(found)
    data = clothes.load(held_out=True)
    assert len(data.train) == train and data.unseen_name.startswith(unseen)
    assert len(data.unseen) in (2_000, 10_000) and not np.shares_memory(data.unseen, (found or EMBEDDED).test)
