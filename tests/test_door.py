"""The door between a judge and an answer: what passes, what is told, and that it makes no difference where the answer lives."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from course_lib.classroom import wire
from course_lib.classroom.door import LocalDoor, ProcessDoor
from course_lib.classroom.exercise import find_exercise
from course_lib.classroom.probe import AnswerRaised, Failed, Probe, described, float32, kind
from course_lib.classroom.run import judge_behind
from course_lib.classroom.wire import Handle, NotPlain, Raised, Tensor

WORDS = {"odd": "Is it odd?", "even": "Is it even?", "other": "Which is it?", "told/k": "Are there {k}?"}


def toy(ops: bool = False):
    from course_lib.classroom.exercise import Exercise

    return Exercise("toy", ("toy",), 99, 1, "t", "s", "h?", (), WORDS, lambda *_: None, ops, ops, False, False, 10.0)


def probe_of(*answers, ops: bool = False) -> Probe:
    return Probe(toy(ops), LocalDoor(*answers), seed=3)


def failure(statement, *args, **kwargs) -> Failed:
    with pytest.raises(Failed) as caught:
        statement(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(2**70), 2.5, float("nan"), float("-inf"), 1 - 2j, "text §", (), [], {}, (1, [2, (3,)]),
        {"§": 1, "v": [2]}, np.float32(2), np.int8(-3), np.bool_(True), np.arange(6).reshape(2, 3), np.zeros((0, 3)),
        np.array(4.0), np.ones(2, bool), np.array([1 + 1j]), [np.ones(2), (np.zeros(1), "x")],
        Handle(3, "model", "Functional", (2, 3)), Tensor(np.ones(3, np.float32)), Raised("E", ("E", "X"), "t", (1, "f", "c")),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was(value):
    back = wire.decode(wire.encode(value))
    np.testing.assert_equal(back, value) if isinstance(value, list | np.ndarray) else None
    assert type(back) is type(value) and repr(back) == repr(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype and back.shape == value.shape


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), np.array(["a"]), lambda: 1])
def test_what_is_not_plain_cannot_pass(value):
    with pytest.raises(NotPlain):
        wire.encode([value])


@pytest.mark.parametrize(
    "value, wanted",
    [(Fraction(1, 4), 0.25), (range(3), [0, 1, 2]), ((1, None), (1, None)), ([np.float32(2)], [2.0])],
)
def test_other_kinds_of_numbers_and_ranges_are_told_as_plain_ones(value, wanted):
    probe = probe_of(lambda: value)
    assert probe.call(probe.answers[0]) == wanted


def test_everything_else_is_known_by_a_handle():
    class Thing:
        def double(self, x):
            return 2 * x

        def nothing(self):
            pass

    thing = Thing()
    probe = probe_of(lambda: (thing, thing, Thing, {1: 2}, np.array(["a"])))
    first, again, cls, other, text = probe.call(probe.answers[0])
    assert first == again and first != cls and kind(first) == "object" and kind(cls) == "class"
    assert kind(other) == "object" and kind(text) == "array" and "type dict" in described(other)
    assert probe.send(first, "double", 4) == 8 and probe.send(first, "nothing") is None
    assert "double" in probe.describe(first).own_methods
    made = probe.call(cls)
    assert made.type == "Thing" and made != first


def test_arrays_are_copied_and_changes_are_seen_wherever_they_stand():
    def changes(*args, **kwargs):
        target = kwargs.get("x", args[0] if args else None)
        target = target[0] if isinstance(target, list) else target
        target += 1
        return target

    probe = probe_of(changes)
    (answer,) = probe.answers
    x = np.zeros(3)
    for arguments, options in (((x,), {}), (([x],), {}), ((), {"x": x})):
        assert failure(probe.call, answer, *arguments, **options).misconception == "changes-its-input"
        assert not x.any()


def test_exceptions_are_told_and_judged_from_outside():
    def raises(x):
        raise IndexError("beyond the end")

    probe = probe_of(raises, lambda x: 1)
    value, error = probe.attempt(probe.answers[0], 1)
    assert value is None and error.is_a("LookupError") and not error.is_a("ValueError")
    assert str(error) == "IndexError: beyond the end" and "beyond the end" in error.where[2]
    assert probe.attempt(probe.answers[1], 1) == (1, None)
    with pytest.raises(AnswerRaised):
        probe.call(probe.answers[0], 1)


def test_a_stub_and_a_missing_package_are_no_misconceptions():
    def stub(x):
        raise NotImplementedError

    def needs(x):
        import nowhere_to_be_found as package

        return package

    for answer in (stub, needs):
        probe = probe_of(answer)
        with pytest.raises(AnswerRaised):
            probe.attempt(probe.answers[0], 1)


def test_a_judges_function_can_be_called_and_may_end_the_check():
    def asks(f):
        try:
            return f(np.arange(3.0), 2)
        except:  # noqa: E722
            return np.zeros(3)

    probe = probe_of(asks)
    double = probe.callback(lambda x, n: n * x)
    assert probe.call(probe.answers[0], double).tolist() == [0, 2, 4]
    assert len(double.calls) == 1 and double.calls[0][1] == 2

    def refuse(x, n):
        probe.fail("odd")

    assert failure(probe.call, probe.answers[0], probe.callback(refuse)).misconception == "odd"

    def unable(x, n):
        raise ValueError("wants two axes")

    assert not probe.call(probe.answers[0], probe.callback(unable)).any()


def test_what_a_judges_function_returned_may_be_watched():
    def changes(f):
        made = f(2.0)
        made += 1
        return made

    probe = probe_of(changes)
    assert probe.call(probe.answers[0], probe.callback(lambda x: np.full(2, x))).tolist() == [3, 3]
    watched = probe.callback(lambda x: np.full(2, x), changed="odd")
    assert failure(probe.call, probe.answers[0], watched).misconception == "odd"


def test_a_generator_goes_on_where_it_was():
    probe = probe_of(lambda rng: rng.normal(size=3))
    one, other = probe.generator(1), probe.generator(1)
    first, second, again = (probe.call(probe.answers[0], g) for g in (one, one, other))
    assert not np.allclose(first, second) and np.array_equal(first, again)


def test_the_answers_random_numbers_do_not_depend_on_the_judges():
    def draws():
        return np.random.normal(size=2)

    probe, other = probe_of(draws), probe_of(draws)
    first = probe.call(probe.answers[0]), probe.call(probe.answers[0])
    second = other.call(other.answers[0]), (np.random.seed(0), other.call(other.answers[0]))[1]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(*first)


# ----- statements


def test_settle_names_the_first_mistake_that_explains_the_result():
    probe = probe_of(lambda: 1)
    probe.settle(4.0, 4.0, "other", {"odd": 4.0})
    assert failure(probe.settle, 3.0, 4.0, "other", {"even": [1.0, 2.0], "odd": [3.0]}).misconception == "odd"
    found = failure(probe.settle, np.array([3.0, 1.0]), np.array([3.0, 2.0]), "other", {"odd": np.zeros(2)})
    assert found.misconception == "other" and "Expected 2 at index 1; yours is 1." in str(found)
    assert failure(probe.settle, np.nan, 1.0, "other", {}).misconception == "other"


def test_settle_all_names_a_cause_only_if_it_explains_every_input():
    probe = probe_of(lambda: 1)
    right_first = [(1, 1, {"odd": 1, "even": 2}), (3, 2, {"odd": 3, "even": 3})]
    assert failure(probe.settle_all, right_first, "other").misconception == "odd"
    by_chance = [(3, 2, {"odd": 3, "even": 3}), (4, 5, {"odd": 7, "even": 4})]
    assert failure(probe.settle_all, by_chance, "other").misconception == "even"
    neither = [(3, 2, {"odd": 3, "even": 0}), (4, 5, {"odd": 7, "even": 4})]
    assert failure(probe.settle_all, neither, "other").misconception == "other"
    probe.settle_all([(1, 1, {"odd": 1}), (2, 2, {"odd": 2})], "other")

    def breaks_later():
        yield 3, 2, {"odd": 3}
        raise AnswerRaised(Raised("E", ("E",), ""))

    assert failure(probe.settle_all, breaks_later(), "other").misconception == "odd"


def test_shapes_arrays_and_numbers():
    probe = probe_of(lambda: 1)
    assert probe.shape([[1, 2]], (1, 2)).tolist() == [[1, 2]]
    assert failure(probe.shape, np.ones((2, 3)), (2,), {(2, 3): "odd"}).misconception == "odd"
    assert failure(probe.shape, np.ones(5), (2,), {(2, 3): "odd"}).misconception == "wrong-shape"
    assert failure(probe.number, np.ones(2)).misconception == "wrong-shape"
    assert failure(probe.array, [[1], [1, 2]]).misconception == "wrong-type"
    assert failure(probe.array, 1j).misconception == "complex-numbers"
    assert failure(probe.finite, [np.inf]).misconception == "not-finite"
    assert failure(probe.close, 1.0, 2.0, "odd").misconception == "odd"
    found = failure(probe.fail, "told/k", "Some.", k=7)
    assert found.misconception == "told" and str(found) == "Some. Are there 7?"
    with pytest.raises(KeyError, match="no question"):
        probe.fail("nobody knows")


def test_repeatable_and_a_batch_of_one():
    probe = probe_of(lambda x: x + np.random.normal(), lambda x: x.squeeze(), lambda x: x - x.mean(), lambda x: 2 * x)
    noisy, squeezes, centres, right = probe.answers
    x = np.arange(6.0).reshape(3, 2)
    assert failure(probe.repeatable, noisy, x, otherwise="odd").misconception == "odd"
    for answer in (squeezes, centres):
        assert failure(probe.batch_of_one, answer, [x], 2 * x).misconception == "batch-of-one"
    probe.batch_of_one(right, [x], 2 * x)


# ----- tensors and models


def test_gradients_of_functions_on_tensors():
    from keras import ops

    probe = probe_of(
        lambda x, y: ops.sum(x**2 * y, axis=1), lambda x, y: ops.stop_gradient(x), lambda x, y: np.asarray(x), ops=True
    )
    right, stopped, numpy = probe.answers
    x, y = float32(np.arange(6.0).reshape(2, 3), np.ones((2, 3)) * 3)
    assert isinstance(probe.call(right, x, y), Tensor)
    probe.gradients(right, (x, y), (2 * x * y, x**2))
    for answer in (stopped, numpy):
        assert failure(probe.gradients, answer, (x, y), (np.ones_like(x), None)).misconception == "no-gradient"
    model = probe.in_model(right, [(3,), (3,)])
    for n in (1, 4):
        assert probe.array(probe.predict(model, [np.ones((n, 3)), np.ones((n, 3))])).shape == (n,)


def test_models_are_lent_described_trained_and_changed_where_the_answer_lives():
    import keras

    inputs = keras.Input((3,))
    own = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    probe = probe_of(lambda model: keras.Sequential([model, keras.layers.Dense(1)]))
    lent = probe.lend(own)
    made = probe.call(probe.answers[0], lent)
    assert kind(lent) == kind(made) == "model"
    x = np.ones((4, 3), np.float32)
    np.testing.assert_allclose(probe.array(probe.predict(lent, x)), own(x), rtol=1e-5)
    probe.predict(made, x)
    about, of_lent = probe.describe(made), probe.describe(lent)
    assert {w.key for w in of_lent.weights} < {w.key for w in about.weights} and about.layers[-1].type == "Dense"
    assert of_lent.inputs == [(None, 3)] and about.built and not about.compiled
    probe.set_weights(lent, [np.ones((3, 2)), np.zeros(2)])
    assert probe.array(probe.predict(lent, x)).tolist() == [[3, 3]] * 4
    before = probe.weights(made)
    losses = probe.train_step(made, x, np.full((4, 1), 9.0), steps=2)
    assert len(losses) == 2 and any(not np.array_equal(a, b) for a, b in zip(before, probe.weights(made), strict=True))
    assert len(own.get_weights()) == 2 and not np.array_equal(own.get_weights()[0], np.ones((3, 2)))
    probe.release(made)


# ----- a process of its own


@pytest.fixture(scope="module")
def other_process():
    with ProcessDoor("authoring.bank:answers_of") as door:
        yield door


def test_a_process_that_is_gone_is_an_error_and_the_next_check_works(other_process):
    chosen = "05_variational", "stub", "kl_divergence"
    assert judge_behind(other_process.choose(*chosen), find_exercise("kl_divergence"), seed=1).status == "NOT ATTEMPTED"
    other_process._process.kill()
    with pytest.raises((EOFError, OSError)):
        other_process.choose(*chosen)
    other_process.close()
    assert judge_behind(other_process.choose(*chosen), find_exercise("kl_divergence"), seed=1).status == "NOT ATTEMPTED"
