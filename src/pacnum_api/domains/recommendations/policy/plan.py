"""Choosing courses: greedy on the marginal gain, under a budget of time.

Courses on the same competence overlap (what one has won the other cannot win again) and build on
each other (one makes the agent ready for the next). Gains are therefore always computed on the
state that the courses chosen so far leave behind.

With overlap alone the expected gap closure is submodular, and the better of two greedy plans, one
by gain per hour and one by gain, is within (1 - 1/e)/2 of the best plan (Leskovec et al. 2007,
"Cost-effective outbreak detection in networks"). Courses that build on each other break that
promise; they are then met rung by rung, since each rung has a gain of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from pacnum_api.domains.recommendations.policy.gain import State, TrainingModel
from pacnum_api.domains.recommendations.policy.position import (
    LevelAxis,
    default_target,
    standing,
)
from pacnum_api.domains.recommendations.types import (
    Ability,
    Aim,
    Assumptions,
    CompetenceCode,
    Course,
    LeapGain,
    Need,
    Plan,
    PlanLimits,
    Recommended,
    Standing,
    TrainingKey,
)

Weights = Mapping[CompetenceCode, float]
_Worth = Callable[[Course, float], float]


@dataclass(frozen=True)
class Situation:
    """What is known of an agent, and what is aimed at.

    Abilities without an aim still say whether a prerequisite is met; there are no aims without an
    ability.
    """

    axis: LevelAxis
    abilities: Mapping[CompetenceCode, Ability]
    aims: Mapping[CompetenceCode, Aim]


@dataclass(frozen=True)
class Chooser:
    """Everything that stays the same while a plan is made."""

    model: TrainingModel
    weights: Weights
    limits: PlanLimits

    def weighted(self, gains: Mapping[CompetenceCode, float]) -> float:
        """Sum of the gains, each times the weight of its competence."""
        return sum(self.weights[code] * gain for code, gain in gains.items())

    def per_hour(self, course: Course, value: float) -> float:
        """Gain per hour invested; signing up and settling in cost a fixed time as well."""
        minutes = course.duration_minutes + self.model.assumptions.overhead_minutes
        return value * 60.0 / minutes

    def is_worthwhile(self, gains: Mapping[CompetenceCode, float]) -> bool:
        """Whether a course wins enough to be worth mentioning, whatever the weights."""
        return sum(gains.values()) >= self.model.assumptions.minimum_gain

    def fits(self, course: Course, spent_minutes: int) -> bool:
        """Whether the budget, if there is one, still holds this course."""
        budget = self.limits.budget_minutes
        return budget is None or spent_minutes + course.duration_minutes <= budget


def resolve_aims(
    abilities: Mapping[CompetenceCode, Ability],
    *,
    axis: LevelAxis,
    targets: Mapping[CompetenceCode, int] | None,
    weights: Weights,
) -> dict[CompetenceCode, Aim]:
    """Aims for the assessed competences: those with a target or, if None are named, all of them.

    Without targets the default ones are taken (see ``default_target``). A weight is 1 unless named.
    """
    aims: dict[CompetenceCode, Aim] = {}
    for code, ability in abilities.items():
        if targets is None:
            target = default_target(axis.distribution(ability), axis=axis)
        elif code in targets:
            target = targets[code]
        else:
            continue
        aims[code] = Aim(target=target, weight=weights.get(code, 1.0))
    return aims


def with_inherited_needs(
    course: Course, *, catalogue: Mapping[TrainingKey, Course], completed: AbstractSet[TrainingKey]
) -> Course:
    """The course with what the trainings it follows would have given, as needs.

    Trainings already completed, or no longer in the catalogue, are not followed any more. In a
    competence that the course develops itself, its own entry level says what is needed; elsewhere
    the exit level of the training it follows does.
    """
    own = {leap.competence for leap in course.leaps}
    levels = {need.competence: need.level for need in course.needs}
    follows = tuple(key for key in course.follows if key in catalogue and key not in completed)
    for leap in (leap for key in follows for leap in catalogue[key].leaps):
        if leap.competence not in own:
            levels[leap.competence] = max(leap.exit_level, levels.get(leap.competence, 0))
    needs = tuple(Need(*item) for item in sorted(levels.items()))
    return replace(course, needs=needs, follows=follows)


def make_plan(
    situation: Situation,
    courses: Iterable[Course],
    *,
    limits: PlanLimits,
    assumptions: Assumptions,
) -> Plan:
    """The courses to take, in order, each with its gain on top of those before it.

    Without a budget courses are taken by gain per hour until ``limits.count`` or until the next one
    would win less than ``assumptions.minimum_gain`` levels.
    """
    axis, aims = situation.axis, situation.aims
    targets = {code: aim.target for code, aim in aims.items()}
    model = TrainingModel(axis=axis, assumptions=assumptions, targets=targets)
    chooser = Chooser(model, {code: aim.weight for code, aim in aims.items()}, limits)
    start = {code: axis.distribution(ability) for code, ability in situation.abilities.items()}
    candidates = sorted(courses, key=lambda course: course.key)
    steps, end = _steps(chooser, _choose(chooser, candidates, start=start), start=start)
    return Plan(steps, before=_standings(model, start), after=_standings(model, end))


def _choose(chooser: Chooser, candidates: Sequence[Course], *, start: State) -> list[Course]:
    chosen, total = _greedy(chooser, candidates, start=start, worth=chooser.per_hour)
    if chooser.limits.budget_minutes is not None:
        other, other_total = _greedy(
            chooser, candidates, start=start, worth=lambda _course, value: value
        )
        if other_total > total:
            chosen = other
    return _in_order(chosen)


def _greedy(
    chooser: Chooser, candidates: Sequence[Course], *, start: State, worth: _Worth
) -> tuple[list[Course], float]:
    """Take the worthiest course again and again; returns the courses and their weighted gain.

    Only courses that touch a competence changed by the last choice are valued anew.
    """
    state, spent, total = start, 0, 0.0
    chosen: list[Course] = []
    remaining = {course.key: course for course in candidates}
    gains = _gains(chooser, remaining.values(), state=state)
    while len(chosen) < chooser.limits.count:
        open_to_choice = [
            course
            for key, course in remaining.items()
            if chooser.is_worthwhile(gains[key]) and chooser.fits(course, spent)
        ]
        if not open_to_choice:
            break
        values = {one.key: worth(one, chooser.weighted(gains[one.key])) for one in open_to_choice}
        best = remaining.pop(max(values, key=values.__getitem__))
        chosen.append(best)
        spent += best.duration_minutes
        total += chooser.weighted(gains[best.key])
        state = chooser.model.after(best, state)
        touched = {leap.competence for leap in best.leaps}
        stale = [course for course in remaining.values() if _competences(course) & touched]
        gains |= _gains(chooser, stale, state=state)
    return chosen, total


def _gains(
    chooser: Chooser, courses: Iterable[Course], *, state: State
) -> dict[TrainingKey, Mapping[CompetenceCode, float]]:
    return {course.key: chooser.model.leap_gains(course, state) for course in courses}


def _competences(course: Course) -> set[CompetenceCode]:
    return {leap.competence for leap in course.leaps} | {need.competence for need in course.needs}


def _in_order(chosen: Sequence[Course]) -> list[Course]:
    """The same courses, each after those it follows, otherwise as they were chosen."""
    by_key = {course.key: course for course in chosen}
    ordered: dict[TrainingKey, Course] = {}
    visiting: set[TrainingKey] = set()

    def place(course: Course) -> None:
        if course.key in visiting:
            return  # placed already, or a circle: the order of choice stands
        visiting.add(course.key)
        for key in course.follows:
            if key in by_key:
                place(by_key[key])
        ordered[course.key] = course

    for course in chosen:
        place(course)
    return list(ordered.values())


def _steps(
    chooser: Chooser, chosen: Sequence[Course], *, start: State
) -> tuple[tuple[Recommended, ...], State]:
    """Value the courses in their final order; one that then wins too little is left out."""
    state = start
    steps: list[Recommended] = []
    for course in chosen:
        gains = chooser.model.leap_gains(course, state)
        if not chooser.is_worthwhile(gains):
            continue
        planned = {step.course.key for step in steps}
        steps.append(_step(chooser, course, state=state, gains=gains, planned=planned))
        state = chooser.model.after(course, state)
    return tuple(steps), state


def _step(
    chooser: Chooser,
    course: Course,
    *,
    state: State,
    gains: Mapping[CompetenceCode, float],
    planned: AbstractSet[TrainingKey],
) -> Recommended:
    leaps = [
        LeapGain(leap, gains[leap.competence]) for leap in course.leaps if leap.competence in gains
    ]
    return Recommended(
        course=course,
        gain=chooser.model.gain(course, state),
        leaps=tuple(sorted(leaps, key=lambda one: (-one.levels, one.leap.competence))),
        fit=chooser.model.fit(course, state),
        score=chooser.per_hour(course, chooser.weighted(gains)),
        after=tuple(key for key in course.follows if key in planned),
        advised=tuple(key for key in course.follows if key not in planned),
    )


def _standings(model: TrainingModel, state: State) -> dict[CompetenceCode, Standing]:
    return {
        code: standing(state[code], axis=model.axis, target=target)
        for code, target in model.targets.items()
    }
