"""What became of tests that were taken on several processes: looked up in the database and over
HTTP, on other processes than those that accepted the answers.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

import httpx
import numpy as np

from benchmarks.goals import Goal, ServiceGoal
from benchmarks.replica_stage import House, Taken, token_of
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank

REPLAYED_AT_MOST = 60
SEED = 7


@dataclass(slots=True)
class Audit:
    """Counts of what should not be, and how much was looked at."""

    tests: int = 0
    answers: int = 0
    banks: int = 0
    replayed: int = 0
    lost: int = 0
    unasked: int = 0
    stuck: int = 0
    mixed: int = 0
    differing: int = 0
    miscounted: int = 0

    def goals(self) -> list[Goal]:
        return [
            _none("acknowledged answers that are not there", self.lost, ServiceGoal.NOTHING_LOST),
            _none("answers there that nobody gave", self.unasked, ServiceGoal.NO_DUPLICATES),
            _none("tests that do not end", self.stuck),
            _none("tests whose bank changed or mixes", self.mixed, ServiceGoal.BANK_NOT_MIXED),
            _none(f"of {self.replayed} replayed: not bit for bit", self.differing),
            _none(f"of {self.banks} banks: exposure miscounted", self.miscounted),
        ]

    def line(self) -> str:
        return (
            f"{self.tests} tests, {self.answers} answers on {self.banks} bank versions: "
            f"{self.lost} lost, {self.unasked} unasked, {self.stuck} stuck, {self.mixed} mixed, "
            f"{self.differing} of {self.replayed} replayed otherwise, {self.miscounted} miscounted"
        )


def _none(name: str, found: int, of: ServiceGoal | None = None) -> Goal:
    return Goal(name, "0", str(found), found == 0, of)


async def audited(house: House, taken: Sequence[Taken], *, ports: Sequence[int]) -> Audit:
    """Look at every test; nobody may be answering any more."""
    audit = Audit(tests=len(taken))
    banks: dict[UUID, ItemBank] = {}
    async with house.database.unit_of_work(house.tenant_id) as uow:
        for bank_id in {one.bank_id for one in taken}:
            banks[bank_id] = await items.get_bank(uow, bank_id)
    audit.banks = len(banks)
    for one in taken:
        await _compare(house, one, bank=banks[one.bank_id], audit=audit)
    await _recount(house, banks, audit)
    _replay(house, taken, ports=ports, audit=audit)
    return audit


async def _compare(house: House, taken: Taken, *, bank: ItemBank, audit: Audit) -> None:
    """The answers of a test against those that its agent saw acknowledged, and against its bank."""
    row = await house.owner.fetchrow("SELECT * FROM test_sessions WHERE id = $1", taken.session_id)
    answers = await house.owner.fetch(
        "SELECT * FROM answers WHERE session_id = $1 ORDER BY position", taken.session_id
    )
    stored = {answer["position"]: answer["item_id"] for answer in answers}
    given = dict(enumerate(taken.item_ids, start=1))
    audit.answers += len(stored)
    audit.lost += sum(stored.get(position) != item_id for position, item_id in given.items())
    audit.unasked += len(answers) - len(given.keys() & stored.keys())
    audit.stuck += not taken.is_over or row["state"] != "finished"
    is_of_its_bank = row["bank_id"] == taken.bank_id and all(
        bank.item_ids[answer["item_index"]] == answer["item_id"] for answer in answers
    )
    audit.mixed += not is_of_its_bank or [one["item_index"] for one in answers] != row["items"]


async def _recount(house: House, banks: dict[UUID, ItemBank], audit: Audit) -> None:
    """The exposure counters of each bank against its tests."""
    for bank_id, bank in banks.items():
        rows = await house.owner.fetch(
            "SELECT items, state FROM test_sessions WHERE tenant_id = $1 AND bank_id = $2",
            *(house.tenant_id, bank_id),
        )
        counted = await house.owner.fetchrow(
            "SELECT * FROM item_exposures WHERE tenant_id = $1 AND bank_id = $2",
            *(house.tenant_id, bank_id),
        )
        shown = np.zeros(len(bank.groups), np.int64)
        for row in rows:
            if row["state"] != "in_progress":
                shown += bank.groups.shown(row["items"])
        is_over = all(row["state"] != "in_progress" for row in rows)
        audit.miscounted += (
            counted["tests"] != len(rows)
            or list(counted["administered"]) != shown.tolist()
            or (is_over and any(counted["reserved"]))
        )


def _replay(house: House, taken: Sequence[Taken], *, ports: Sequence[int], audit: Audit) -> None:
    """Some of the tests of each bank, computed again from their log by one of the processes."""
    rng = random.Random(SEED)  # noqa: S311 - which ones does not matter
    by_bank: dict[UUID, list[Taken]] = defaultdict(list)
    for one in rng.sample(taken, len(taken)):
        by_bank[one.bank_id].append(one)
    placed = ((place, one) for tests in by_bank.values() for place, one in enumerate(tests))
    ranked = sorted(placed, key=itemgetter(0))  # of each bank in turn
    headers = {"Authorization": f"Bearer {token_of(house, ports[0])}"}
    with httpx.Client(headers=headers, timeout=30) as http:
        for _, one in ranked[:REPLAYED_AT_MOST]:
            address = f"http://127.0.0.1:{rng.choice(ports)}/v1/test-sessions/{one.session_id}"
            replay = http.post(f"{address}/replay").raise_for_status().json()
            result = http.get(f"{address}/result").raise_for_status().json()
            audit.replayed += 1
            audit.differing += not replay["is_identical"] or replay["answers_replayed"] != len(
                one.item_ids
            )
            audit.mixed += result["versions"]["item_bank"] != str(one.bank_id)
