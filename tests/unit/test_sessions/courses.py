"""Tests walked through with the policy alone."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from pacnum_api.domains.test_sessions.policy import Ground, step_after
from pacnum_api.domains.test_sessions.types import Accommodations, SessionPurpose, SessionSetup
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION, Measurement
from pacnum_api.psychometrics.exposure import ExposureGroups
from pacnum_api.psychometrics.population import JointPrior, Population
from pacnum_api.psychometrics.tables import BankTables

CODES = ("1.1", "1.2", "1.3", "2.1")
VERSIONS = ("1.0.0", "2.0.0", ALGORITHM_VERSION)

Answer = Callable[[int], int]
"""From a position (1-based) to the category of its answer."""


def setup_of(
    *competences: int,
    seed: int = 7,
    purpose: SessionPurpose = SessionPurpose.POSITIONING,
    targets: dict[int, int] | None = None,
    version: str = ALGORITHM_VERSION,
) -> SessionSetup:
    return SessionSetup(
        framework="digcomp-2.2",
        framework_version=1,
        bank_id=UUID(int=1),
        algorithm_version=version,
        purpose=purpose,
        competences=competences,
        targets=targets or {},
        seed=seed,
        locale="fr",
        accommodations=Accommodations(),
    )


def ground_of(
    tables: BankTables, *, prior: JointPrior | None = None, on_tryout: tuple[int, ...] = ()
) -> Ground:
    """Competences that hang together by 0.7, unless another prior is given."""
    measures = np.ones(tables.item_count, np.bool_)
    measures[list(on_tryout)] = False
    return Ground(
        tables=tables,
        groups=ExposureGroups.of(tables.parameters),
        measures=measures,
        prior=prior or population_of(tables.competence_count).prior,
    )


def population_of(competence_count: int, *, correlation: float = 0.7) -> Population:
    matrix = np.full((competence_count, competence_count), correlation)
    np.fill_diagonal(matrix, 1.0)
    return Population(matrix)


@dataclass(frozen=True)
class Course:
    """Every step of a test, the one before the first answer included."""

    items: tuple[int, ...]
    categories: tuple[int, ...]
    steps: tuple[Measurement, ...]


def walk(ground: Ground, setup: SessionSetup, answer: Answer) -> Course:
    items: list[int] = []
    categories: list[int] = []
    steps = [step_after(ground, setup, items=(), categories=())]
    while (selection := steps[-1].decision.selection) is not None:
        items.append(selection.item)
        categories.append(answer(len(items)))
        steps.append(step_after(ground, setup, items=items, categories=categories))
    return Course(tuple(items), tuple(categories), tuple(steps))
