"""Plans: order, budget, overlap, and what is never promised."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.recommendations.policy.gain import TrainingModel
from pacnum_api.domains.recommendations.policy.plan import (
    Situation,
    make_plan,
    resolve_aims,
    with_inherited_needs,
)
from pacnum_api.domains.recommendations.policy.position import LevelAxis
from pacnum_api.domains.recommendations.types import (
    Ability,
    Aim,
    Assumptions,
    Course,
    Leap,
    Need,
    Plan,
    PlanLimits,
)

AXIS = LevelAxis((-2.45, -1.75, -1.05, -0.35, 0.35, 1.05, 1.75, 2.45))
CODES = ("1.1", "1.2", "1.3", "2.1")


def course(key: str, *leaps: Leap, minutes: int = 60, follows: tuple[str, ...] = ()) -> Course:
    return Course(key, leaps, duration_minutes=minutes, follows=follows)


def plan_of(
    courses: Sequence[Course],
    levels: Mapping[str, int],
    *,
    targets: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
    limits: PlanLimits | None = None,
) -> Plan:
    abilities = {code: AXIS.ability_at(level) for code, level in levels.items()}
    aims = resolve_aims(abilities, axis=AXIS, targets=targets, weights=weights or {})
    return make_plan(
        Situation(AXIS, abilities, aims),
        courses,
        limits=limits or PlanLimits(count=10),
        assumptions=Assumptions(),
    )


def keys(plan: Plan) -> list[str]:
    return [step.course.key for step in plan.steps]


def test_the_course_that_closes_most_per_hour_comes_first() -> None:
    long = course("long", Leap("1.1", 0, 4), minutes=1200)
    short = course("short", Leap("1.2", 0, 3), minutes=90)
    plan = plan_of([long, short], {"1.1": 1, "1.2": 1}, targets={"1.1": 4, "1.2": 4})
    assert keys(plan) == ["short", "long"]
    assert plan.steps[0].score > plan.steps[1].score
    # half an hour to settle in counts as well
    assert plan.steps[0].score == pytest.approx(plan.steps[0].gain.levels / 2.0)


def test_a_weight_changes_what_comes_first() -> None:
    courses = [course("a", Leap("1.1", 0, 3)), course("b", Leap("1.2", 0, 3))]
    levels, targets = {"1.1": 1, "1.2": 1}, {"1.1": 4, "1.2": 4}
    assert keys(plan_of(courses, levels, targets=targets)) == ["a", "b"]
    assert keys(plan_of(courses, levels, targets=targets, weights={"1.2": 2.0})) == ["b", "a"]
    # whether a course is worth mentioning at all does not depend on weights
    faint = dict.fromkeys(("1.1", "1.2"), 0.01)
    assert keys(plan_of(courses, levels, targets=targets, weights=faint)) == ["a", "b"]


def test_equal_courses_come_by_key_and_their_gains_overlap() -> None:
    twins = [course("b", Leap("1.1", 0, 3)), course("a", Leap("1.1", 0, 3))]
    plan = plan_of(twins, {"1.1": 1}, targets={"1.1": 3})
    assert keys(plan)[0] == "a"
    first = plan.steps[0].gain.levels
    assert all(step.gain.levels < 0.3 * first for step in plan.steps[1:])


def test_one_rung_makes_the_next_one_worth_taking() -> None:
    low, high = course("low", Leap("1.1", 0, 2)), course("high", Leap("1.1", 2, 4))
    alone = plan_of([high], {"1.1": 1}, targets={"1.1": 4})
    both = plan_of([low, high], {"1.1": 1}, targets={"1.1": 4})
    assert keys(both) == ["low", "high"]
    assert both.steps[1].gain.levels > (alone.steps[0].gain.levels if alone.steps else 0.0)
    assert both.steps[1].fit.probability is not None
    assert both.steps[1].fit.probability > 0.7


def test_gains_add_up_to_the_fall_of_the_gap() -> None:
    courses = [
        course("a", Leap("1.1", 0, 2), Leap("1.2", 0, 2)),
        course("b", Leap("1.1", 2, 4)),
        course("c", Leap("1.2", 2, 5)),
    ]
    plan = plan_of(courses, {"1.1": 1, "1.2": 2}, targets={"1.1": 4, "1.2": 5})
    before = sum(standing.gap for standing in plan.before.values())
    after = sum(standing.gap for standing in plan.after.values())
    assert sum(step.gain.levels for step in plan.steps) == pytest.approx(before - after)


def test_within_a_budget_one_great_course_may_beat_several_quick_ones() -> None:
    great = course("great", Leap("1.1", 0, 7), minutes=900)
    quick = course("quick", Leap("1.2", 0, 1), minutes=30)
    levels, targets = {"1.1": 0, "1.2": 0}, {"1.1": 7, "1.2": 1}
    free = plan_of([great, quick], levels, targets=targets)
    assert keys(free) == ["quick", "great"]
    bounded = plan_of(
        [great, quick], levels, targets=targets, limits=PlanLimits(10, budget_minutes=910)
    )
    assert keys(bounded) == ["great"]


def test_nothing_fits_a_budget_that_is_too_small() -> None:
    plan = plan_of(
        [course("a", Leap("1.1", 0, 3))], {"1.1": 1}, limits=PlanLimits(5, budget_minutes=59)
    )
    assert plan.steps == ()
    assert plan.before == plan.after


def test_a_plan_is_no_longer_than_asked_for() -> None:
    courses = [course(code, Leap(code, 0, 3)) for code in CODES]
    assert len(plan_of(courses, dict.fromkeys(CODES, 1), limits=PlanLimits(2)).steps) == 2


def test_courses_far_below_the_agent_are_left_out() -> None:
    assert keys(plan_of([course("low", Leap("1.1", 0, 2))], {"1.1": 5})) == []


def test_a_prerequisite_course_comes_first_though_chosen_later() -> None:
    before = course("before", Leap("1.2", 0, 3), minutes=600)
    after = course("after", Leap("1.1", 0, 3), minutes=60, follows=("before", "elsewhere"))
    plan = plan_of([after, before], {"1.1": 1, "1.2": 1})
    assert keys(plan) == ["before", "after"]
    assert plan.steps[1].after == ("before",)
    assert plan.steps[1].advised == ("elsewhere",)


def test_a_circle_of_prerequisites_does_not_trap_the_plan() -> None:
    courses = [
        course("a", Leap("1.1", 0, 3), follows=("b",)),
        course("b", Leap("1.2", 0, 3), follows=("a",)),
    ]
    assert sorted(keys(plan_of(courses, {"1.1": 1, "1.2": 1}))) == ["a", "b"]


def test_a_course_that_reordering_makes_worthless_is_left_out() -> None:
    # "wide" is chosen first and makes "narrow" nearly worthless, unless narrow goes before it
    narrow = course("narrow", Leap("1.1", 0, 3), Leap("1.2", 0, 3), minutes=700)
    wide = course("wide", Leap("1.1", 0, 3), minutes=60, follows=("narrow",))
    plan = plan_of([narrow, wide], {"1.1": 2, "1.2": 2}, targets={"1.1": 3, "1.2": 3})
    assert keys(plan) == ["narrow"]


def test_an_unknown_competence_is_never_promised_anything() -> None:
    mixed = course("mixed", Leap("1.1", 0, 3), Leap("1.2", 0, 3))
    plan = plan_of([mixed, course("blind", Leap("1.2", 0, 3))], {"1.1": 1})
    assert keys(plan) == ["mixed"]
    assert [one.leap.competence for one in plan.steps[0].leaps] == ["1.1"]
    assert set(plan.before) == {"1.1"}


def test_abilities_out_of_view_still_meet_prerequisites() -> None:
    taken = Course("a", (Leap("1.1", 0, 3),), 60, needs=(Need("1.2", 2),))
    plan = plan_of([taken], {"1.1": 1, "1.2": 6}, targets={"1.1": 4})
    assert set(plan.before) == {"1.1"}
    assert plan.steps[0].fit.probability == pytest.approx(1.0, abs=1e-3)


def test_leaps_are_told_with_the_greatest_gain_first() -> None:
    taken = course("a", Leap("1.1", 0, 2), Leap("1.2", 0, 4))
    plan = plan_of([taken], {"1.1": 1, "1.2": 1}, targets={"1.1": 5, "1.2": 5})
    assert [one.leap.competence for one in plan.steps[0].leaps] == ["1.2", "1.1"]
    assert sum(one.levels for one in plan.steps[0].leaps) == pytest.approx(
        plan.steps[0].gain.levels
    )


def test_aims_are_the_targets_named_or_two_levels_up() -> None:
    abilities = {"1.1": AXIS.ability_at(3), "1.2": AXIS.ability_at(7)}
    free = resolve_aims(abilities, axis=AXIS, targets=None, weights={"1.2": 3.0})
    assert free == {"1.1": Aim(5, 1.0), "1.2": Aim(8, 3.0)}
    named = resolve_aims(abilities, axis=AXIS, targets={"1.2": 6, "1.3": 4}, weights={})
    assert named == {"1.2": Aim(6, 1.0)}


def test_a_followed_training_asks_for_what_it_would_have_given() -> None:
    catalogue = {
        "basics": course("basics", Leap("1.1", 0, 2), Leap("1.2", 0, 3)),
        "law": course("law", Leap("1.2", 0, 2)),
    }
    later = Course(
        "later",
        (Leap("1.1", 2, 4),),
        60,
        needs=(Need("1.2", 1), Need("2.1", 2)),
        follows=("basics", "law", "gone"),
    )
    inherited = with_inherited_needs(later, catalogue=catalogue, completed=set())
    assert inherited.needs == (Need("1.2", 3), Need("2.1", 2))
    assert inherited.follows == ("basics", "law")
    done = with_inherited_needs(later, catalogue=catalogue, completed={"basics"})
    assert done.needs == (Need("1.2", 2), Need("2.1", 2))
    assert done.follows == ("law",)


def leap(code: str, entry: int, height: int) -> Leap:
    return Leap(code, entry, min(8, entry + height))


def leaps_of(codes: Sequence[str]) -> st.SearchStrategy[tuple[Leap, ...]]:
    return st.tuples(
        *(st.builds(leap, st.just(code), st.integers(0, 6), st.integers(1, 3)) for code in codes)
    )


catalogues = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True).flatmap(leaps_of),
        st.integers(20, 600),
        st.sets(st.integers(0, 7), max_size=2),
    ),
    min_size=1,
    max_size=8,
).map(
    lambda parts: [
        course(f"k{index}", *leaps, minutes=minutes, follows=tuple(f"k{i}" for i in sorted(after)))
        for index, (leaps, minutes, after) in enumerate(parts)
    ]
)
known = st.dictionaries(
    st.sampled_from(CODES),
    st.builds(Ability, theta=st.floats(-3, 3), standard_error=st.floats(0.1, 1)),
    max_size=3,
)


@given(
    courses=catalogues,
    abilities=known,
    budget=st.none() | st.integers(10, 1500),
    count=st.integers(1, 6),
)
def test_plans_keep_their_promises(
    courses: list[Course], abilities: dict[str, Ability], budget: int | None, count: int
) -> None:
    aims = resolve_aims(abilities, axis=AXIS, targets=None, weights={})
    situation = Situation(AXIS, abilities, aims)
    limits = PlanLimits(count, budget)
    plan = make_plan(situation, courses, limits=limits, assumptions=Assumptions())
    again = make_plan(situation, courses[::-1], limits=limits, assumptions=Assumptions())
    assert plan == again
    assert len(plan.steps) <= count
    assert len(set(keys(plan))) == len(plan.steps)
    if budget is not None:
        assert sum(step.course.duration_minutes for step in plan.steps) <= budget
    for step in plan.steps:
        assert step.gain.levels >= Assumptions().minimum_gain
        assert {one.leap.competence for one in step.leaps} <= set(abilities)
    for code, before in plan.before.items():
        assert 0.0 <= plan.after[code].gap <= before.gap + 1e-9
    won = sum(step.gain.levels for step in plan.steps)
    assert won <= sum(standing.gap for standing in plan.before.values()) + 1e-9


def test_under_a_budget_the_plan_is_near_the_best_set() -> None:
    courses = [
        course("a", Leap("1.1", 0, 3), minutes=120),
        course("b", Leap("1.2", 0, 3), minutes=150),
        course("c", Leap("1.3", 0, 2), minutes=60),
        course("d", Leap("1.1", 0, 2), Leap("1.2", 0, 2), minutes=200),
        course("e", Leap("2.1", 0, 4), minutes=240),
        course("f", Leap("1.1", 3, 5), minutes=90),
    ]
    levels, budget = dict.fromkeys(CODES, 1), 360
    abilities = {code: AXIS.ability_at(level) for code, level in levels.items()}
    model = TrainingModel(AXIS, Assumptions(), dict.fromkeys(CODES, 5))
    best = 0.0
    for size in range(1, 5):
        for chosen in combinations(courses, size):
            if sum(one.duration_minutes for one in chosen) <= budget:
                state = {code: AXIS.distribution(one) for code, one in abilities.items()}
                value = 0.0
                for one in chosen:
                    value += sum(model.leap_gains(one, state).values())
                    state = model.after(one, state)
                best = max(best, value)
    plan = plan_of(
        courses,
        levels,
        targets=dict.fromkeys(CODES, 5),
        limits=PlanLimits(10, budget_minutes=budget),
    )
    assert sum(step.gain.levels for step in plan.steps) >= 0.9 * best
