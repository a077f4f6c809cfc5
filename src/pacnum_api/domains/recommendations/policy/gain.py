"""The training model: what a course does to the distribution of an agent's position.

An agent at position L who takes a course with entry level e and exit level x

- is ready for it with probability r(L) = logistic((L - e) / spread), 1 when e = 0: 0.5 at the start
  of the entry band, 0.81 in its middle, 0.19 in the middle of the band below (spread 0.35);
- completes it with probability ``effectiveness``, times the mean readiness for each need in another
  competence (where nothing is known of that one, over the reference population N(0, 1): the only
  use that is made of a prior);
- having completed it and being ready, stands afterwards at max(L, x + 1/2), the middle of the exit
  band; else stays at L.

So E[gain] = sum over competences of c * sum_L w(L) r(L) (min(T, after) - min(T, L)) with T the
target and c the probability of completion. Completion is common to the competences of a course;
readiness is independent between them given the abilities. The distribution of the total gain is
therefore (1 - c) at 0 plus c times the convolution of the competences' own distributions, exact on
the cells of the scale; its standard deviation and its 5 % and 95 % quantiles are the uncertainty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pacnum_api.domains.recommendations.policy.position import (
    CELLS_PER_LEVEL,
    INTERVAL,
    FloatArray,
    LevelAxis,
    probability_of_level,
    quantile,
)
from pacnum_api.domains.recommendations.types import (
    Ability,
    Assumptions,
    CompetenceCode,
    Course,
    Gain,
    Leap,
    PrerequisiteFit,
)

REFERENCE_POPULATION = Ability(theta=0.0, standard_error=1.0)
_HALF_CELLS = 2 * CELLS_PER_LEVEL  # every gain is a whole number of half cells

State = Mapping[CompetenceCode, FloatArray]
"""For each assessed competence, the weights of its position; shape (axis.size,) each."""


@lru_cache(maxsize=256)
def _readiness_curve(axis: LevelAxis, level: int, *, spread: float) -> FloatArray:
    """Logistic readiness for ``level`` at each position; shape (axis.size,), read-only."""
    if level == 0:
        curve = np.ones(axis.size)
    else:
        curve = 1.0 / (1.0 + np.exp((level - axis.positions) / spread))
    curve.flags.writeable = False
    return curve


@dataclass(frozen=True)
class TrainingModel:
    """The model on one framework's scale; ``targets`` holds the competences in view."""

    axis: LevelAxis
    assumptions: Assumptions
    targets: Mapping[CompetenceCode, int]

    def leap_gains(self, course: Course, state: State) -> dict[CompetenceCode, float]:
        """Expected levels won, by competence in view; competences without evidence win nothing."""
        completion = self._completion(course, state)
        return {
            leap.competence: completion
            * float(state[leap.competence] @ (self._readiness(leap, course) * self._rise(leap)))
            for leap in self._in_view(course, state)
        }

    def gain(self, course: Course, state: State) -> Gain:
        """The distribution of the total gain over the competences in view, summarised."""
        completion = self._completion(course, state)
        total = np.ones(1)
        for leap in self._in_view(course, state):
            total = np.convolve(total, self._rise_distribution(leap, course, state=state))
        total = completion * total
        total[0] += 1.0 - completion
        values = np.arange(len(total)) / _HALF_CELLS
        mean = float(total @ values)
        variance = float(total @ (values - mean) ** 2)
        tail = (1.0 - INTERVAL) / 2.0
        return Gain(
            levels=mean,
            standard_deviation=float(np.sqrt(variance)),
            low=quantile(total, tail) / _HALF_CELLS,
            high=quantile(total, 1.0 - tail) / _HALF_CELLS,
        )

    def after(self, course: Course, state: State) -> dict[CompetenceCode, FloatArray]:
        """The state once the course has been taken, by whoever completed it and by who did not."""
        completion = self._completion(course, state)
        changed = dict(state)
        for leap in course.leaps:
            if leap.competence not in state:
                continue
            weights = state[leap.competence].copy()
            arrival = leap.exit_level * CELLS_PER_LEVEL + CELLS_PER_LEVEL // 2
            leaving = completion * weights * self._readiness(leap, course)
            leaving[arrival:] = 0.0
            weights -= leaving
            weights[arrival] += leaving.sum()
            changed[leap.competence] = weights
        return changed

    def fit(self, course: Course, state: State) -> PrerequisiteFit:
        """P(level >= what is asked) of the least certain entry level or need."""
        asked = {need.competence: need.level for need in course.needs}
        for leap in course.leaps:
            asked[leap.competence] = self._entry_level(leap, course)
        asked = {code: level for code, level in asked.items() if level > 0}
        known = [
            probability_of_level(state[code], level)
            for code, level in asked.items()
            if code in state
        ]
        unknown = tuple(sorted(code for code in asked if code not in state))
        if not known:
            return PrerequisiteFit(None if unknown else 1.0, unknown)
        return PrerequisiteFit(min(known), unknown)

    def _in_view(self, course: Course, state: State) -> Iterable[Leap]:
        return [
            leap
            for leap in course.leaps
            if leap.competence in state and leap.competence in self.targets
        ]

    def _completion(self, course: Course, state: State) -> float:
        own = {leap.competence for leap in course.leaps}
        probability = self.assumptions.effectiveness
        for need in course.needs:
            if need.competence not in own:
                weights = state.get(need.competence)
                if weights is None:
                    weights = self.axis.distribution(REFERENCE_POPULATION)
                probability *= float(weights @ self._ready_at(need.level))
        return probability

    def _entry_level(self, leap: Leap, course: Course) -> int:
        stated = [need.level for need in course.needs if need.competence == leap.competence]
        return max(leap.entry_level, *stated, 0)

    def _readiness(self, leap: Leap, course: Course) -> FloatArray:
        return self._ready_at(self._entry_level(leap, course))

    def _ready_at(self, level: int) -> FloatArray:
        return _readiness_curve(self.axis, level, spread=self.assumptions.readiness_spread)

    def _rise(self, leap: Leap) -> FloatArray:
        """min(T, max(L, x + 1/2)) - min(T, L) in levels, at each position."""
        target = float(self.targets[leap.competence])
        positions = self.axis.positions
        arrival = np.maximum(positions, leap.exit_level + 0.5)
        return np.minimum(target, arrival) - np.minimum(target, positions)

    def _rise_distribution(self, leap: Leap, course: Course, *, state: State) -> FloatArray:
        """Probabilities of a rise by 0, 1, 2 .. half cells, given completion."""
        weights = state[leap.competence]
        ready = weights * self._readiness(leap, course)
        steps = np.rint(self._rise(leap) * _HALF_CELLS).astype(np.int64)
        risen = np.bincount(steps, weights=ready)
        risen[0] += float((weights - ready).sum())
        return np.asarray(risen, dtype=np.float64)
