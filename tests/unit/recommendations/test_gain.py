"""The training model against closed forms and against simulated agents."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.recommendations.policy.gain import TrainingModel
from pacnum_api.domains.recommendations.policy.position import (
    LevelAxis,
    expected_gap,
    probability_of_level,
)
from pacnum_api.domains.recommendations.types import Ability, Assumptions, Course, Leap, Need

AXIS = LevelAxis((-2.45, -1.75, -1.05, -0.35, 0.35, 1.05, 1.75, 2.45))
SPREAD = 0.35
EFFECTIVENESS = 0.75

abilities = st.builds(Ability, theta=st.floats(-3, 3), standard_error=st.floats(0.1, 1.2))
leaps = st.tuples(st.integers(0, 7), st.integers(1, 8)).filter(lambda pair: pair[0] < pair[1])


def model(**targets: int) -> TrainingModel:
    named = {code.replace("c", "1."): level for code, level in targets.items()}
    return TrainingModel(axis=AXIS, assumptions=Assumptions(), targets=named)


def course(*parts: Leap, needs: tuple[Need, ...] = ()) -> Course:
    return Course("x/course", parts, duration_minutes=60, needs=needs)


def sure(position: float) -> Ability:
    return Ability(theta=-2.45 + 0.7 * (position - 1.0), standard_error=0.01)


def ready(position: float, level: int) -> float:
    return 1.0 / (1.0 + math.exp(-(position - level) / SPREAD))


@pytest.mark.parametrize(
    ("position", "entry", "leaving", "target", "rise"),
    [
        (1.5, 0, 2, 4, 1.0),  # to the middle of the exit band
        (1.5, 0, 4, 4, 2.5),  # no further than the target
        (2.5, 2, 4, 8, 2.0),
        (3.5, 2, 4, 8, 1.0),  # above the entry level, the rest of the way
        (5.5, 2, 4, 8, 0.0),  # nothing to learn
        (5.5, 5, 7, 5, 0.0),  # target reached already
    ],
)
def test_a_sure_ability_rises_to_the_exit_band_if_completed_and_ready(
    position: float, entry: int, leaving: int, target: int, rise: float
) -> None:
    state = {"1.1": AXIS.distribution(sure(position))}
    gains = model(c1=target).leap_gains(course(Leap("1.1", entry, leaving)), state)
    is_ready = 1.0 if entry == 0 else ready(position, entry)
    assert gains["1.1"] == pytest.approx(EFFECTIVENESS * is_ready * rise, abs=0.03)


def test_readiness_is_even_at_the_start_of_the_entry_band() -> None:
    state = {"1.1": AXIS.distribution(sure(3.0))}
    gains = model(c1=8).leap_gains(course(Leap("1.1", 3, 5)), state)
    assert gains["1.1"] == pytest.approx(EFFECTIVENESS * 0.5 * 2.5, abs=0.05)


@given(first=abilities, second=abilities, steps=st.tuples(leaps, leaps), target=st.integers(1, 8))
def test_gains_agree_with_simulated_agents(
    first: Ability,
    second: Ability,
    steps: tuple[tuple[int, int], tuple[int, int]],
    target: int,
) -> None:
    rng = np.random.default_rng(7)
    size = 40_000
    completes = rng.random(size) < EFFECTIVENESS  # common to both competences
    total = np.zeros(size)
    parts = []
    for code, ability, (entry, leaving) in zip(("1.1", "1.2"), (first, second), steps, strict=True):
        parts.append(Leap(code, entry, leaving))
        thetas = rng.normal(ability.theta, ability.standard_error, size)
        positions = np.clip((thetas + 2.45) / 0.7 + 1.0, 0.0, 9.0)
        odds = 1.0 / (1.0 + np.exp(-(positions - entry) / SPREAD)) if entry else np.ones(size)
        rises = completes & (rng.random(size) < odds)
        after = np.where(rises, np.maximum(positions, leaving + 0.5), positions)
        total += np.minimum(target, after) - np.minimum(target, positions)
    state = {"1.1": AXIS.distribution(first), "1.2": AXIS.distribution(second)}
    gain = model(c1=target, c2=target).gain(course(*parts), state)
    assert gain.levels == pytest.approx(total.mean(), abs=0.06)
    assert gain.standard_deviation == pytest.approx(total.std(), abs=0.06)
    # outside the interval lies no more than a twentieth on either side (and a cell of the grid)
    assert (total < gain.low - 0.1).mean() <= 0.055
    assert (total > gain.high + 0.1).mean() <= 0.055


@given(ability=abilities, step=leaps, target=st.integers(1, 8))
def test_a_gain_is_never_negative_nor_above_the_gap(
    ability: Ability, step: tuple[int, int], target: int
) -> None:
    state = {"1.1": AXIS.distribution(ability)}
    chosen = model(c1=target)
    gain = chosen.gain(course(Leap("1.1", *step)), state)
    gap = expected_gap(state["1.1"], axis=AXIS, target=target)
    assert 0.0 <= gain.low <= gain.high <= target
    assert 0.0 <= gain.levels <= gap + 1e-9
    assert chosen.leap_gains(course(Leap("1.1", *step)), state)["1.1"] == pytest.approx(
        gain.levels, abs=1e-9
    )


@given(ability=abilities, entry=st.integers(0, 6), target=st.integers(1, 8))
def test_a_higher_exit_level_never_wins_less(ability: Ability, entry: int, target: int) -> None:
    state = {"1.1": AXIS.distribution(ability)}
    gains = [
        model(c1=target).leap_gains(course(Leap("1.1", entry, leaving)), state)["1.1"]
        for leaving in range(entry + 1, 9)
    ]
    assert all(low <= high + 1e-12 for low, high in pairwise(gains))


@given(ability=abilities, step=leaps, target=st.integers(1, 8))
def test_what_is_won_is_missing_from_the_gap_afterwards(
    ability: Ability, step: tuple[int, int], target: int
) -> None:
    state = {"1.1": AXIS.distribution(ability)}
    chosen, taken = model(c1=target), course(Leap("1.1", *step))
    after = chosen.after(taken, state)["1.1"]
    assert after.sum() == pytest.approx(1.0)
    assert after.min() >= -1e-12
    before_gap = expected_gap(state["1.1"], axis=AXIS, target=target)
    after_gap = expected_gap(after, axis=AXIS, target=target)
    gained = chosen.leap_gains(taken, state)["1.1"]
    assert before_gap - after_gap == pytest.approx(gained, abs=1e-9)


def test_competences_without_evidence_or_without_target_win_nothing() -> None:
    state = {"1.1": AXIS.distribution(sure(1.5)), "1.2": AXIS.distribution(sure(1.5))}
    both = course(Leap("1.1", 0, 2), Leap("1.2", 0, 2), Leap("1.3", 0, 2))
    chosen = model(c1=4, c3=4)
    assert set(chosen.leap_gains(both, state)) == {"1.1"}
    assert chosen.gain(both, state).levels == pytest.approx(EFFECTIVENESS, abs=0.01)
    assert set(chosen.after(both, state)) == {"1.1", "1.2"}


def test_a_course_that_serves_nothing_in_view_has_no_gain() -> None:
    gain = model(c1=4).gain(course(Leap("1.2", 0, 2)), {"1.1": AXIS.distribution(sure(1.5))})
    assert (gain.levels, gain.standard_deviation, gain.low, gain.high) == (0.0, 0.0, 0.0, 0.0)


def test_a_need_in_another_competence_tempers_completion() -> None:
    taken = course(Leap("1.1", 0, 2), needs=(Need("1.2", 3),))
    state = {"1.1": AXIS.distribution(sure(1.5)), "1.2": AXIS.distribution(sure(2.5))}
    gains = model(c1=4).leap_gains(taken, state)
    assert gains["1.1"] == pytest.approx(EFFECTIVENESS * ready(2.5, 3), abs=0.02)


def test_an_unknown_need_is_taken_from_the_reference_population() -> None:
    taken = course(Leap("1.1", 0, 2), needs=(Need("1.2", 3),))
    gains = model(c1=4).leap_gains(taken, {"1.1": AXIS.distribution(sure(1.5))})
    thetas = np.random.default_rng(3).normal(size=100_000)
    odds = 1.0 / (1.0 + np.exp(-((thetas + 2.45) / 0.7 + 1.0 - 3.0) / SPREAD))
    assert gains["1.1"] == pytest.approx(EFFECTIVENESS * odds.mean(), abs=0.02)


def test_a_need_in_the_competence_itself_raises_its_entry_level() -> None:
    state = {"1.1": AXIS.distribution(sure(2.5))}
    stated = model(c1=8).leap_gains(course(Leap("1.1", 2, 5), needs=(Need("1.1", 4),)), state)
    entry = model(c1=8).leap_gains(course(Leap("1.1", 4, 5)), state)
    assert stated == entry


def test_fit_is_the_probability_of_the_least_certain_prerequisite() -> None:
    state = {
        "1.1": AXIS.distribution(AXIS.ability_at(3)),
        "1.2": AXIS.distribution(AXIS.ability_at(2)),
    }
    taken = course(Leap("1.1", 3, 5), needs=(Need("1.2", 3), Need("1.9", 1)))
    fit = model(c1=5).fit(taken, state)
    assert fit.probability == pytest.approx(probability_of_level(state["1.2"], 3))
    assert fit.probability == pytest.approx(0.159, abs=0.001)
    assert fit.not_assessed == ("1.9",)


def test_fit_is_certain_when_nothing_is_asked_and_unknown_when_nothing_is_known() -> None:
    free = model(c1=5).fit(course(Leap("1.1", 0, 2)), {})
    assert (free.probability, free.not_assessed) == (1.0, ())
    unknown = model(c1=5).fit(course(Leap("1.2", 2, 4), Leap("1.1", 1, 2)), {})
    assert (unknown.probability, unknown.not_assessed) == (None, ("1.1", "1.2"))
