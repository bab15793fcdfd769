"""Lessons on the complete Fashion-MNIST, as their text tells a learner to load it."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import datasets

ON_CLOTHES = ("01", "02", "03", "04", "05")
TOLD = "datasets.fashion_mnist(full=True).with_validation(2_000)"
LOADED = "clothes = datasets.fashion_mnist()"
# Like the complete set it has no validation images, more of the others than the embedded one, and classes in no order.
STAND_IN = """
import dataclasses
from course_lib import own_data
import numpy as np
few = datasets.fashion_mnist()
images = np.concatenate([few.train, few.validation, few.test])
labels = np.concatenate([few.train_labels, few.validation_labels, few.test_labels])
order = np.random.default_rng(0).permutation(16_000)
clothes = dataclasses.replace(
    few, train=images[order[:14_631]], train_labels=labels[order[:14_631]], test=images[order[-2_047:]],
    test_labels=labels[order[-2_047:]], validation=images[:0], validation_labels=labels[:0],
).with_validation(2_000)
own_data(True)
"""


def test_validation_images_are_cut_from_the_end_of_train():
    digits = datasets.digits()
    cut = digits.with_validation(300)
    assert len(cut.train) == len(digits.train) - 300 and len(cut.validation) == len(cut.validation_labels) == 300
    np.testing.assert_array_equal(np.concatenate([cut.train, cut.validation]), digits.train)
    np.testing.assert_array_equal(np.concatenate([cut.train_labels, cut.validation_labels]), digits.train_labels)
    assert cut.test is digits.test or np.array_equal(cut.test, digits.test)
    with pytest.raises(ValueError, match="has 2,000 validation images already"):
        datasets.fashion_mnist().with_validation(10)
    for count in (0, -1, len(digits.train)):
        with pytest.raises(ValueError, match="expected 1 to 3,999"):
            digits.with_validation(count)


@pytest.mark.parametrize("number", ON_CLOTHES)
def test_one_of_the_notebooks_says_how_to_load_the_complete_set(number):
    from authoring.source import lessons

    (lesson,) = lessons(number)
    text = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    second = (lesson.folder / "deeper.py").read_text(encoding="utf-8")
    assert LOADED in text and TOLD in text + second


@pytest.mark.weekly
@pytest.mark.parametrize("number", [pytest.param(n, marks=pytest.mark.lesson(n)) for n in ON_CLOTHES[1:]])
def test_the_lesson_runs_on_a_set_of_that_form(changed_lesson, number):
    """Not lesson 01: it draws five passes beside six, and a shortened run has one of each."""
    claims = changed_lesson(number, LOADED, STAND_IN)
    assert len(claims) >= 3
