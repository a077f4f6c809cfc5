"""Exposure kept below a ceiling by eight processes at once, through PostgreSQL.

    python -m benchmarks.exposure [--processes N] [--tests N] [--ceiling X] [--json]

The bank, the examinees and the answers of ``psychometrics_step``; algorithm 2.0.0's estimate and
choice; stop at a standard error below 0.32 or 40 items. Three ways: no control; one process whose
counters are in memory; several processes that begin and end their tests through the service's own
``begin_exposure`` and ``end_exposure`` on one embedded PostgreSQL, as replicas do.
"""

import argparse
import asyncio
import json
import math
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import numpy as np

from benchmarks.goals import Goal, at_most, print_goals
from benchmarks.psychometrics_step import (
    ANSWER_SEEDS,
    LONGEST,
    PRECISION,
    bank,
    chances_of_success,
    draw_answers,
    draw_examinees,
)
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ExposureUse, ItemBank
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.exposure import (
    Admission,
    Exposure,
    ExposureGroups,
    Limits,
    admit,
    availability_of_items,
)
from pacnum_api.psychometrics.joint_estimation import estimate
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.session import SessionPlan, after, begin
from pacnum_api.psychometrics.tables import BankTables

ITEMS = 500
PRIOR = Population.independent(1).prior
RULES = Rules(
    selection=SelectionRules(pool_size=5, sharpness=8),
    stopping=StoppingRules(
        minimum_items=1,
        maximum_items=LONGEST,
        standard_error=math.nextafter(PRECISION, 0.0),
        level_certainty=2.0,
        target_probability=0.99,
        least_variance_fall=0.0,
        least_risk_fall=0.0,
    ),
)


@dataclass(frozen=True)
class Test:
    examinee: int
    items: tuple[int, ...]
    theta: float
    standard_error: float


@dataclass(frozen=True)
class Found:
    """Figures of one way; ``greatest``: the share of tests of the most shown item."""

    way: str
    items: float
    rmse: float
    coverage_95: float
    greatest: float
    never_used: int
    seconds: float


@dataclass(frozen=True)
class Work:
    """What one process is to do, and where."""

    url: str
    tenant_id: UUID
    bank_id: UUID
    examinees: tuple[int, ...]
    count: int
    ceiling: float


class Stage:
    """Bank, answers and groups; every process makes the same."""

    def __init__(self, examinees: int) -> None:
        self.tables: BankTables = bank(ITEMS)
        self.abilities = draw_examinees(examinees)
        chances = chances_of_success(self.tables, self.abilities)
        self.given = draw_answers(chances, seed=ANSWER_SEEDS[0])
        self.groups = ExposureGroups.of(self.tables.parameters)

    def play(self, examinee: int, admission: Admission | None) -> Test:
        state = begin(self.tables, self.plan(examinee, admission))
        responses: list[Response] = []
        while True:
            posterior = estimate(self.tables, responses, prior=PRIOR, competences=(0,))
            selection = select(self.tables, posterior, state=state, rules=RULES).selection
            if selection is None:
                found = posterior.marginal(0)
                return Test(examinee, state.items, found.theta, found.standard_error)
            responses.append(Response(selection.item, int(self.given[examinee, selection.item])))
            state = after(self.tables, state, item=selection.item)

    def plan(self, examinee: int, admission: Admission | None) -> SessionPlan:
        if admission is None:
            return SessionPlan(competences=(0,), seed=examinee)
        return SessionPlan(
            competences=(0,),
            seed=examinee,
            eligible=admission.eligible[self.groups.group_of],
            availability=availability_of_items(self.groups, admission.availability),
            featured=admission.featured,
        )

    def figures(self, way: str, tests: list[Test], *, seconds: float) -> Found:
        theta = np.array([test.theta for test in tests])
        error = np.array([test.standard_error for test in tests])
        distance = theta - self.abilities[[test.examinee for test in tests]]
        used = np.bincount(np.concatenate([test.items for test in tests]), minlength=ITEMS)
        return Found(
            way=way,
            items=float(np.mean([len(test.items) for test in tests])),
            rmse=float(np.sqrt(np.mean(distance**2))),
            coverage_95=float(np.mean(np.abs(distance) <= 1.959964 * error)),
            greatest=float(used.max()) / len(tests),
            never_used=int(np.count_nonzero(used == 0)),
            seconds=seconds,
        )


def in_memory(stage: Stage, *, ceiling: float | None) -> Iterator[Test]:
    exposure = Exposure.none(len(stage.groups))
    limits = Limits.of(stage.groups, competences=(0,), need=LONGEST, ceiling=ceiling or 1.0)
    for examinee in range(len(stage.abilities)):
        if ceiling is None:
            yield stage.play(examinee, None)
            continue
        admission = admit(exposure, stage.groups, limits=limits, need=LONGEST)
        exposure = exposure.begun(admission.eligible)
        test = stage.play(examinee, admission)
        shown = stage.groups.shown(test.items)
        exposure = exposure.ended(admission.eligible, shown=shown)
        yield test


def replica(work: Work) -> list[Test]:
    return asyncio.run(_replica(work))


async def _replica(work: Work) -> list[Test]:
    stage = Stage(work.count)
    # All that the counters need of a bank: its id and its groups.
    known = SimpleNamespace(handle=SimpleNamespace(id=work.bank_id), groups=stage.groups)
    shared = cast("ItemBank", known)
    limits = Limits.of(stage.groups, competences=(0,), need=LONGEST, ceiling=work.ceiling)
    database = Database(work.url, role="pacnum_app", pool_size=1)
    tests = []
    try:
        for examinee in work.examinees:
            async with database.unit_of_work(work.tenant_id) as uow:
                admission, before = await items.begin_exposure(
                    uow, shared, limits=limits, need=LONGEST, left_out=None
                )
                await items.reserve_exposure(
                    uow, shared, before=before, reserved=admission.eligible
                )
            test = stage.play(examinee, admission)
            use = ExposureUse(shared, reserved=admission.eligible, items=test.items)
            async with database.unit_of_work(work.tenant_id) as uow:
                await items.end_exposure(uow, [use])
            tests.append(test)
    finally:
        await database.close()
    return tests


def in_processes(count: int, *, processes: int, ceiling: float) -> list[Test]:
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        tenant_id, bank_id = new_id(), new_id()
        works = [
            Work(
                url=postgres.url(),
                tenant_id=tenant_id,
                bank_id=bank_id,
                examinees=tuple(range(place, count, processes)),
                count=count,
                ceiling=ceiling,
            )
            for place in range(processes)
        ]
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            return [test for tests in pool.map(replica, works, chunksize=1) for test in tests]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--ceiling", type=float, default=0.15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    stage = Stage(asked.tests)
    print("                        items    RMSE   95 % coverage  greatest  never used  seconds")
    found = []
    for way in ("no control", "one process", f"{asked.processes} processes"):
        started = time.perf_counter()
        if way.endswith("processes"):
            tests = in_processes(asked.tests, processes=asked.processes, ceiling=asked.ceiling)
        else:
            ceiling = None if way == "no control" else asked.ceiling
            tests = list(in_memory(stage, ceiling=ceiling))
        row = stage.figures(way, tests, seconds=time.perf_counter() - started)
        found.append(row)
        print(
            f"{row.way:22s} {row.items:6.2f}  {row.rmse:.4f}           {row.coverage_95:.3f}  "
            f"{row.greatest:8.3f}  {row.never_used:10d}  {row.seconds:7.1f}"
        )
    goals = [goal for row in found[1:] for goal in goals_of(row, ceiling=asked.ceiling)]
    print_goals(goals)
    if asked.json:
        print(json.dumps([asdict(row) for row in found]))


def goals_of(row: Found, *, ceiling: float) -> list[Goal]:
    return [
        at_most(f"{row.way}: greatest exposure", row.greatest, limit=ceiling),
        at_most(f"{row.way}: items never used", row.never_used, limit=0, form=".0f"),
        at_most(f"{row.way}: mean items", row.items, limit=22.0, form=".2f"),
        at_most(f"{row.way}: RMSE", row.rmse, limit=0.32),
    ]


if __name__ == "__main__":
    main()
