"""Tests walked through with the policy alone."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from pacnum_api.domains.test_sessions.policy import Step, step_after
from pacnum_api.domains.test_sessions.types import Accommodations, SessionPurpose, SessionSetup
from pacnum_api.psychometrics.tables import BankTables

CODES = ("1.1", "1.2", "1.3", "2.1")

Answer = Callable[[int], int]
"""From a position (1-based) to the category of its answer."""


def setup_of(
    *competences: int,
    seed: int = 7,
    purpose: SessionPurpose = SessionPurpose.POSITIONING,
    targets: dict[int, int] | None = None,
) -> SessionSetup:
    return SessionSetup(
        framework="digcomp-2.2",
        framework_version=1,
        bank_id=UUID(int=1),
        algorithm_version="1.0.0",
        purpose=purpose,
        competences=competences,
        targets=targets or {},
        seed=seed,
        locale="fr",
        accommodations=Accommodations(),
    )


@dataclass(frozen=True)
class Course:
    """Every step of a test, the one before the first answer included."""

    items: tuple[int, ...]
    categories: tuple[int, ...]
    steps: tuple[Step, ...]


def walk(tables: BankTables, setup: SessionSetup, answer: Answer) -> Course:
    items: list[int] = []
    categories: list[int] = []
    steps = [step_after(tables, setup, items=(), categories=())]
    while (selection := steps[-1].decision.selection) is not None:
        items.append(selection.item)
        categories.append(answer(len(items)))
        steps.append(step_after(tables, setup, items=items, categories=categories))
    return Course(tuple(items), tuple(categories), tuple(steps))
