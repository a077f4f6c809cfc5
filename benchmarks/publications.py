"""A bank that is published again and again while tests are under way on several processes."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from benchmarks.goals import Goal, ServiceGoal, at_most
from benchmarks.http_client import Connection
from benchmarks.replica_stage import (
    COMPETENCES,
    FRAMEWORK,
    Agents,
    House,
    begin,
    copied_items,
    token_of,
)
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.items.types import ItemParameters, ParameterStatus

SEEN_WITHIN_MS = 50.0
AGENTS = 6
PAUSE_SECONDS = 0.25
NEW_ITEM_EVERY = 5
SEED = 11


@dataclass(slots=True)
class Publications:
    """Per publication, in ms: until the last process had begun a test on the new version (``seen``)
    and the same of tests begun at once without a publication (``usual``); ``behind``: tests begun
    after a commit on what was there before it.
    """

    bank_items: int = 0
    seen: list[float] = field(default_factory=list)
    usual: list[float] = field(default_factory=list)
    behind: int = 0


class Publisher:
    """Says something else of the tenant's bank each time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rng = random.Random(SEED)  # noqa: S311 - parameters that move a little
        self._authored = copied_items(COMPETENCES[0])

    async def publish(self, bank: ItemBank, *, number: int) -> float:
        """Publish what comes after ``bank``; the instant after the commit."""
        if number % NEW_ITEM_EVERY == NEW_ITEM_EVERY - 1:
            model = self._authored[number % len(self._authored)]
            item = {**model, "key": f"{model['key']}-n{number}"}
            await self._house.load({COMPETENCES[0]: [item]})
        else:
            moved = {index: self._moved(one) for index, one in enumerate(bank.parameters)}
            async with self._house.database.unit_of_work(self._house.tenant_id) as uow:
                await items.publish_parameters(
                    uow, bank.handle.id, parameters=moved, population=None
                )
        return time.perf_counter()

    def _moved(self, known: ItemParameters) -> ItemParameters:
        b = round(known.b + self._rng.gauss(0.0, 0.05), 6)
        return replace(known, b=b, status=ParameterStatus.CALIBRATED)


async def watch_publications(
    house: House, ports: Sequence[int], *, agents: Agents, publications: int
) -> Publications:
    """Publish while the agents take tests; theirs are finished when this returns."""
    token = token_of(house, ports[0])
    lines = [Connection(port) for port in ports]
    publisher = Publisher(house)
    found = Publications()
    working = asyncio.create_task(agents.keep_taking(at_once=AGENTS))
    await asyncio.sleep(8 * PAUSE_SECONDS)  # every process has begun a test by now
    for number in range(publications):
        for line in lines:
            await line.reopen()
        _, seconds = await _begun(agents, lines, token=token, since=time.perf_counter())
        found.usual.append(seconds * 1e3)
        bank = await house.bank()
        await asyncio.sleep(PAUSE_SECONDS)
        committed_at = await publisher.publish(bank, number=number)
        begun, seconds = await _begun(agents, lines, token=token, since=committed_at)
        found.seen.append(seconds * 1e3)
        found.behind += await _behind(house, begun)
        await asyncio.sleep(PAUSE_SECONDS)
    agents.is_open = False
    await working
    found.bank_items = len((await house.bank()).items)
    return found


async def _begun(
    agents: Agents, lines: Sequence[Connection], *, token: str, since: float
) -> tuple[list[UUID], float]:
    """Begin a test on every line at once: the tests, and the seconds until the last reply."""
    asked = (begin(line, token, agents.figures, number=number) for number, line in enumerate(lines))
    sessions = await asyncio.gather(*asked)
    seconds = time.perf_counter() - since
    return [UUID(str(one["id"])) for one in sessions if one is not None], seconds


async def _behind(house: House, begun: Sequence[UUID]) -> int:
    async with house.database.unit_of_work(house.tenant_id) as uow:
        newest = await items.current_bank(uow, FRAMEWORK)
    async with house.looking:
        count: int = await house.owner.fetchval(
            "SELECT count(*) FROM test_sessions WHERE id = ANY($1) AND bank_id <> $2",
            *(begun, newest.id),
        )
    return count


def publishing_goals(found: Publications) -> list[Goal]:
    """What a publication costs whoever begins a test next, and that nobody stays behind."""
    usual, seen = _p99(found.usual), _p99(found.seen)
    print(
        f"\n{len(found.seen)} publications of a bank of {found.bank_items} items, ms until a test "
        f"had begun on every process\n"
        f"  after a commit       p50 {statistics.median(found.seen):6.1f}   p99 {seen:6.1f}\n"
        f"  without one          p50 {statistics.median(found.usual):6.1f}   p99 {usual:6.1f}"
    )
    return [
        at_most(
            "a published bank seen by every process, p99 ms",
            seen,
            limit=SEEN_WITHIN_MS,
            form=".1f",
            of=ServiceGoal.BANK_SEEN,
        ),
        Goal("tests begun on the version before", "0", str(found.behind), found.behind == 0),
    ]


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]
