"""How the competences hang together in those who have answered, and how far to trust that."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pacnum_api.domains.test_sessions.policy.calibration.answers import AnswerTable
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
)
from pacnum_api.domains.test_sessions.types import CorrelationForm
from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemParameters
from pacnum_api.psychometrics.calibration.correlation import CorrelationEstimate, correlate
from pacnum_api.psychometrics.calibration.evidence import Evidence, evidence_of
from pacnum_api.psychometrics.calibration.mixture import StrengthWeights, strength_weights
from pacnum_api.psychometrics.calibration.shrinkage import (
    ShrunkCorrelation,
    nearest_correlation,
    shrunk,
)
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import Answers
from pacnum_api.psychometrics.population import DEFAULT_STRENGTHS, Population
from pacnum_api.psychometrics.propagation import propagate
from pacnum_api.psychometrics.tables import BankTables

LEAST_PERSONS: Final = 200
"""Asked both of two competences, summed over pairs of one kind: with fewer the population stays
what it was.
"""
MOST_PERSONS: Final = 2000
"""Whose answers decide on the weights: their errors are then below 0.02."""
LEAST_WEIGHT: Final = 0.02
"""Of each strength: somebody of quite another population must still be able to move them."""


@dataclass(frozen=True, eq=False)
class HangingTogether:
    """``competences`` (L,): places, in the framework, of those that were asked about; ``estimate``
    and ``shrunk`` are of these. ``population``: of all K, what a bank can keep.
    """

    competences: tuple[int, ...]
    estimate: CorrelationEstimate
    shrunk: ShrunkCorrelation
    strengths: StrengthWeights
    persons_weighed: int
    population: Population


def hanging_together(
    bank: CalibratedBank,
    items: Sequence[Item],
    *,
    table: AnswerTable,
    order: CalibrationOrder,
    rng: np.random.Generator,
) -> HangingTogether | None:
    """Estimate the correlations of the competences under the items' parameters.

    ``rng`` draws the persons whose answers decide on the weights, where there are many. None where
    too few persons were asked several competences.
    """
    asked = np.unique(np.array(bank.competence_of)[table.item])
    areas = tuple(bank.areas[index] for index in asked)
    if not _is_enough(bank, table, asked=asked, areas=areas):
        return None
    estimate = correlate(_evidence(items, table, asked=asked))
    drawn = shrunk(estimate, areas)
    correlation = _whole(drawn, bank, asked=asked, form=order.correlation)
    evidence = _log_evidence(items, table, correlation=correlation, rng=rng)
    found = strength_weights(evidence)
    weights = np.maximum(found.weights, LEAST_WEIGHT)
    return HangingTogether(
        competences=tuple(asked.tolist()),
        estimate=estimate,
        shrunk=drawn,
        strengths=found,
        persons_weighed=len(evidence),
        population=Population(
            correlation, DEFAULT_STRENGTHS, tuple((weights / weights.sum()).tolist())
        ),
    )


def _is_enough(
    bank: CalibratedBank, table: AnswerTable, *, asked: IntArray, areas: Sequence[str]
) -> bool:
    """Whether enough persons were asked two competences of one area, and two of two areas, as far
    as there are such pairs.
    """
    was_asked = np.zeros((len(table.persons), len(asked)))
    place = np.searchsorted(asked, np.array(bank.competence_of)[table.item])
    was_asked[table.person, place] = 1.0
    both = np.triu(was_asked.T @ was_asked, 1)
    pairs = np.triu(np.ones_like(both, dtype=np.bool_), 1)
    is_same = _same(areas)
    kinds = [kind for kind in (pairs & is_same, pairs & ~is_same) if kind.any()]
    return bool(kinds) and all(float(both[kind].sum()) >= LEAST_PERSONS for kind in kinds)


def _same(areas: Sequence[str]) -> BoolArray:
    names = np.array(areas)
    result: BoolArray = names[:, None] == names[None, :]
    return result


def _evidence(items: Sequence[Item], table: AnswerTable, *, asked: IntArray) -> Evidence:
    """The evidence with the competences that were asked about counted from 0."""
    place = {competence: new for new, competence in enumerate(asked.tolist())}
    used = np.array([index for index, item in enumerate(items) if item.competence in place])
    return evidence_of(
        [replace(items[index], competence=place[items[index].competence]) for index in used],
        table.responses().only_items(used),
        competence_count=len(asked),
    )


def _whole(
    drawn: ShrunkCorrelation, bank: CalibratedBank, *, asked: IntArray, form: CorrelationForm
) -> FloatArray:
    """The correlations of all K competences: those not asked about hang together with the others
    as pairs of their kind do, and as the bank has it where no pair of the kind was asked about.
    """
    present = bank.population.correlation
    is_same = _same(bank.areas)
    result = present.copy()
    for kind, places in ((drawn.within, is_same), (drawn.across, ~is_same)):
        if kind is not None:
            result[places] = kind.mean
    if form is CorrelationForm.PAIRS:
        result[np.ix_(asked, asked)] = drawn.correlation
    np.fill_diagonal(result, 1.0)
    return nearest_correlation(result)


def _log_evidence(
    items: Sequence[Item],
    table: AnswerTable,
    *,
    correlation: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Log-evidence of each strength of correlation from the answers of persons asked two or more
    competences, (N, M), as the engine itself works it out.
    """
    prior = Population(correlation).prior
    tables = BankTables.build(ItemParameters.from_items(items), competence_count=len(correlation))
    of_person: dict[int, list[Response]] = defaultdict(list)
    for person, item, category in zip(
        table.person.tolist(), table.item.tolist(), table.category.tolist(), strict=True
    ):
        of_person[person].append(Response(item, category))
    asked = {
        person: tuple(sorted({items[answer.item].competence for answer in answers}))
        for person, answers in of_person.items()
    }
    several = [person for person in sorted(asked) if len(asked[person]) > 1]
    chosen = rng.permutation(np.array(several))[:MOST_PERSONS]
    rows = []
    for person in chosen.tolist():
        competences = asked[person]
        answers = Answers.of(tables, of_person[person], competences=competences)
        found = propagate(prior.only(competences), answers.likelihoods(tables.node_likelihood))
        rows.append(np.log(found.evidence))
    return np.array(rows)
