"""Many tests that are over, written straight into the tables: answers to items drawn at random."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import numpy as np
import numpy.typing as npt

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.kernel.ids import new_id
from pacnum_api.psychometrics.bank import Item, ItemParameters, category_probabilities

FloatArray = npt.NDArray[np.float64]
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Truth:
    """What the items of a bank are really like: parameters by index."""

    items: tuple[Item, ...]

    @classmethod
    def near(cls, bank: ItemBank, *, seed: int, spread: float = 0.5) -> "Truth":
        """Difficulties away from those of the bank, slopes of 1.4."""
        rng = np.random.default_rng(seed)
        return cls(
            tuple(
                replace(one, a=1.4, b=one.b + float(rng.normal(0.0, spread)))
                for one in items_of(bank)
            )
        )

    @property
    def b(self) -> FloatArray:
        return np.array([item.b for item in self.items])


def items_of(bank: ItemBank) -> list[Item]:
    """The items of a bank as the measurement sees them, errors aside."""
    columns = bank.tables.parameters
    return [
        Item(
            model=columns.model[index],
            competence=bank.tables.competence_of[index],
            level=bank.items[index].level,
            a=one.a,
            b=one.b,
            c=one.c,
            d=one.d,
            steps=one.steps,
        )
        for index, one in enumerate(bank.parameters)
    ]


@dataclass
class EndedTest:
    """One test: ``items`` by index in the bank, with the category of each answer."""

    agent_id: UUID
    items: Sequence[int]
    categories: Sequence[int]
    state: str = "finished"
    began_at: datetime = BEGAN
    late: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()
    id: UUID = field(default_factory=new_id)


def simulated_tests(
    truth: Truth, abilities: FloatArray, *, each: int, seed: int
) -> list[EndedTest]:
    """One test for each row of abilities, (N, K): ``each`` items drawn from each competence."""
    rng = np.random.default_rng(seed)
    columns = ItemParameters.from_items(truth.items)
    competence_of = columns.competence
    curves = [
        category_probabilities(columns, index, theta=abilities[:, competence])
        for index, competence in enumerate(competence_of.tolist())
    ]
    tests = []
    for person in range(len(abilities)):
        drawn = [
            rng.permutation(np.flatnonzero(competence_of == competence))[:each]
            for competence in range(abilities.shape[1])
        ]
        items = np.concatenate(drawn).tolist()
        categories = [
            int(np.searchsorted(np.cumsum(curves[item][:, person]), rng.random())) for item in items
        ]
        tests.append(EndedTest(new_id(), items, categories))
    return tests


async def store_tests(
    owner: asyncpg.Connection, bank: ItemBank, *, tenant_id: UUID, tests: Sequence[EndedTest]
) -> None:
    """Write them in two strokes, past the service."""
    tables = {
        "test_sessions": [_session(test, bank, tenant_id=tenant_id) for test in tests],
        "answers": [row for test in tests for row in _answers(test, bank, tenant_id=tenant_id)],
    }
    for table, rows in tables.items():
        await owner.copy_records_to_table(
            table, records=[tuple(row.values()) for row in rows], columns=list(rows[0])
        )


def _session(test: EndedTest, bank: ItemBank, *, tenant_id: UUID) -> dict[str, object]:
    is_over = test.state != "in_progress"
    return {
        "tenant_id": tenant_id,
        "id": test.id,
        "agent_id": test.agent_id,
        "client_id": test.id,
        "framework": bank.handle.framework,
        "framework_version": bank.handle.framework_version,
        "bank_id": bank.handle.id,
        "algorithm_version": "2.0.0",
        "purpose": "positioning",
        "locale": "fr",
        "accommodations": "{}",
        "competences": list(range(len(bank.competences))),
        "targets": "{}",
        "seed": 1,
        "state": test.state,
        "version": len(test.items) + 1,
        "items": list(test.items),
        "categories": list(test.categories),
        "created_at": test.began_at,
        "updated_at": test.began_at,
        "expires_at": test.began_at + timedelta(days=1),
        "finished_at": test.began_at + timedelta(hours=1) if is_over else None,
    }


def _answers(test: EndedTest, bank: ItemBank, *, tenant_id: UUID) -> Iterator[dict[str, object]]:
    for position, (item, category) in enumerate(zip(test.items, test.categories, strict=True), 1):
        yield {
            "tenant_id": tenant_id,
            "session_id": test.id,
            "position": position,
            "item_index": item,
            "item_id": bank.item_ids[item],
            "response": None if position in test.skipped else json.dumps({"type": "made up"}),
            "response_hash": b"",
            "score": float(category),
            "category": category,
            "is_late": position in test.late,
            "issued_at": test.began_at,
            "accepted_at": test.began_at,
        }
