"""What famous bugs cost where no notebook prints it: the stored numbers are those of a new run, and each says what the page says."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from authoring.web import costs
from authoring.web.collect import published
from course_lib import datasets, metrics

AGAIN = "run `python -m authoring costs`"


@functools.cache
def measured(name: str) -> dict[str, float]:
    """The numbers of an experiment, from a new run."""
    return {key: float(value.replace(",", "")) for key, value in costs.EXPERIMENTS[name]().items()}


@pytest.mark.parametrize("name", costs.EXPERIMENTS)
def test_the_stored_costs_are_those_of_a_new_run(name):
    stored = {key: float(value.replace(",", "")) for key, value in costs.stored()[name].items()}
    assert stored.keys() == measured(name).keys(), AGAIN
    for key, value in measured(name).items():  # another library of linear algebra may round otherwise
        assert value == pytest.approx(stored[key], rel=0.02, abs=3e-5), AGAIN


def test_every_stored_cost_belongs_to_a_slip_and_every_slip_has_a_cost():
    assert list(costs.stored()) == list(costs.EXPERIMENTS)
    slips = {slip.name: slip for slip in published.slips()}
    for name, numbers in costs.stored().items():
        assert slips[name].measured == costs.EXPERIMENTS[name].__name__
        assert all(number in slips[name].cost for number in numbers.values()), f"{name}: the page shows all of them"
    assert all(slip.cost for slip in slips.values())


# ----- a slice that ends one window too early


def test_moments_are_those_of_the_rule_and_of_the_published_slice():
    rng = np.random.default_rng(0)
    flags, window = rng.random(200) < 0.8, 4
    samples = range(window - 1, len(flags))
    assert costs.moments(flags, window).tolist() == [all(flags[i - window + 1 : i + 1]) for i in samples]
    assert costs.moments(flags, window, last=False).tolist() == [all(flags[i - window + 1 : i]) for i in samples]


def test_the_slice_adds_one_moment_behind_each_alarm_and_invents_alarms():
    flags = np.zeros(30, bool)
    flags[5:12] = True  # seven windows in a row: moments 8 to 11, with windows of four
    flags[20:23] = True  # three in a row: no moment lies in flagged windows alone
    right, slipped = costs.moments(flags, 4), costs.moments(flags, 4, last=False)
    assert np.flatnonzero(right).tolist() == [5, 6, 7, 8] and costs.stretches(right) == 1
    assert np.flatnonzero(slipped).tolist() == [5, 6, 7, 8, 9, 20] and costs.stretches(slipped) == 2
    found = measured("window-left-out")
    assert found["slipped"] - found["right"] == found["stretches"] > found["invented"] > 0


# ----- the real part of a complex distance


def test_the_real_part_is_right_for_full_covariances_and_too_small_for_singular_ones():
    rng = np.random.default_rng(1)
    many = rng.normal(size=(300, 5)), rng.normal(size=(200, 5)) + 1
    assert costs.real_part_distance(*many) == pytest.approx(metrics.frechet_distance(*many), rel=1e-9)
    few = rng.normal(size=(20, 100))
    assert -1e-2 < costs.real_part_distance(few, few) < 0 <= metrics.frechet_distance(few, few)
    found = measured("complex-root")
    assert found["itself"] < 0, "a distance below 0"
    assert found["others"] == pytest.approx(found["right"], rel=1e-3), "next to nothing, as the page says"


# ----- means over what, divided by what


def test_a_mean_over_empty_places_is_smaller_by_the_share_of_places_that_hold_something():
    found = measured("mean-over-empty-places")
    assert found["wrong"] < 0.1 * found["right"]


def test_three_denominators_make_three_recalls_of_the_same_lists():
    found = measured("unsaid-denominator")
    assert found["reachable"] > max(found["held_out"], found["places"])
    assert abs(found["held_out"] - found["places"]) > 0.01


# ----- a scale that has seen the test weeks


def by_training_rows(series, cut):
    """Smallest and largest value of the training rows alone."""
    low, high = series[:cut].min(axis=0), series[:cut].max(axis=0)
    return (series[:cut] - low) / (high - low)


def by_the_whole_series(series, cut):
    """What the loader published with TimeGAN does: the whole series is scaled, then cut."""
    scaled = (series - series.min(axis=0)) / (series.max(axis=0) - series.min(axis=0))
    return scaled[:cut]


def each_day_by_itself(series, cut):
    """No row sees another one; that the level of the day is lost is another slip."""
    train = series[:cut]
    return (train - train.min(axis=1, keepdims=True)) / np.ptp(train, axis=1, keepdims=True)


def test_a_scale_that_has_seen_the_held_out_rows_is_caught():
    days = datasets.electricity_days()
    series, cut = np.concatenate([days.train, days.validation]), len(days.train)
    assert costs.sees_held_out(by_the_whole_series, series, cut)
    assert not costs.sees_held_out(by_training_rows, series, cut)
    assert not costs.sees_held_out(each_day_by_itself, series, cut)


def test_a_mean_and_deviation_of_all_rows_are_caught_as_well():
    series = np.random.default_rng(2).normal(size=(50, 3))
    assert costs.sees_held_out(lambda x, cut: ((x - x.mean(axis=0)) / x[:cut].std(axis=0))[:cut], series, 40)
    assert costs.sees_held_out(lambda x, cut: ((x - x[:cut].mean(axis=0)) / x.std(axis=0))[:cut], series, 40)
    for cut in (0, 50):
        with pytest.raises(ValueError, match="expected 1 to 49 of 50 rows"):
            costs.sees_held_out(by_training_rows, series, cut)


@pytest.mark.parametrize("load", [datasets.heartbeats, datasets.shuttle])
def test_the_scales_of_the_course_see_training_rows_alone(load):
    data = load()

    def standard(rows, cut):
        told = dataclasses.replace(data, train=rows[:cut], validation=rows[cut:], test=3 * data.test)
        level, scale = told.scaling()
        return (told.train - level) / scale

    assert not costs.sees_held_out(standard, np.concatenate([data.train, data.validation]), len(data.train))
