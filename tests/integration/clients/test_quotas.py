"""Quotas hold to the request across processes that share a database, with few writes."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from pacnum_api.platform.database import Database
from pacnum_api.platform.rate_limits import WINDOW_SECONDS, Quota, RateDecision, RateLimiter


class Clock:
    def __init__(self, seconds: float = 1_800_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


class CountingDatabase:
    """The database, and how often it was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0

    @asynccontextmanager
    async def raw_transaction(self, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        self.transactions += 1
        async with self._database.raw_transaction(tenant_id) as connection:
            yield connection


async def spend(limiter: RateLimiter, tenant_id: UUID, *, quota: Quota) -> RateDecision:
    return await limiter.spend(tenant_id, "a client", quota=quota)


@pytest.mark.parametrize("requests", [1, 2, 7, 50, 600])
async def test_two_processes_together_let_exactly_the_quota_pass(
    database: Database, requests: int
) -> None:
    clock, tenant_id, quota = Clock(), uuid4(), Quota("client", requests=requests)
    limiters = [RateLimiter(database, clock=clock) for _ in range(2)]
    decisions = [
        await spend(limiter, tenant_id, quota=quota)
        for limiter, _ in zip(itertools.cycle(limiters), range(2 * requests + 10), strict=False)
    ]
    assert sum(decision.is_allowed for decision in decisions) == requests


async def test_also_when_everything_comes_at_once(database: Database) -> None:
    clock, tenant_id, quota = Clock(), uuid4(), Quota("client", requests=50)
    limiters = [RateLimiter(database, clock=clock) for _ in range(3)]
    decisions = await asyncio.gather(
        *(spend(limiters[n % 3], tenant_id, quota=quota) for n in range(200))
    )
    assert sum(decision.is_allowed for decision in decisions) == 50


async def test_a_quota_costs_few_writes_and_a_used_up_one_none(database: Database) -> None:
    counting = CountingDatabase(database)
    limiter = RateLimiter(counting, clock=Clock())  # type: ignore[arg-type]  # a counting stand-in
    tenant_id, quota = uuid4(), Quota("client", requests=600)
    for _ in range(600):
        assert (await spend(limiter, tenant_id, quota=quota)).is_allowed
    assert counting.transactions <= 45
    before = counting.transactions
    for _ in range(50):
        assert not (await spend(limiter, tenant_id, quota=quota)).is_allowed
    assert counting.transactions == before


async def test_many_processes_that_spend_little_leave_the_rest_to_each_other(
    database: Database,
) -> None:
    """Sixty workers with three requests each are far from a thousand, and so is what they keep."""
    clock, tenant_id, quota = Clock(), uuid4(), Quota("client", requests=1000)
    limiters = [RateLimiter(database, clock=clock) for _ in range(60)]
    decisions = [
        await spend(limiter, tenant_id, quota=quota) for _ in range(3) for limiter in limiters
    ]
    assert all(decision.is_allowed for decision in decisions)
    assert decisions[-1].remaining > 500


async def test_the_count_down_and_the_way_back(database: Database) -> None:
    clock, tenant_id, quota = Clock(1_800_000_000.0), uuid4(), Quota("client", requests=3)
    limiter = RateLimiter(database, clock=clock)
    remaining = [(await spend(limiter, tenant_id, quota=quota)).remaining for _ in range(4)]
    assert remaining == [2, 1, 0, 0]
    clock.seconds += 20.5
    refused = await spend(limiter, tenant_id, quota=quota)
    assert (refused.is_allowed, refused.reset_seconds) == (False, 40)
    assert refused.headers() == {
        "RateLimit-Policy": '"client";q=3;w=60',
        "RateLimit": '"client";r=0;t=40',
    }
    clock.seconds += 39.5
    again = await spend(limiter, tenant_id, quota=quota)
    assert (again.is_allowed, again.remaining, again.reset_seconds) == (True, 2, 60)


async def test_each_caller_has_its_own(database: Database) -> None:
    limiter, quota = RateLimiter(database, clock=Clock()), Quota("client", requests=1)
    first, second = uuid4(), uuid4()
    assert (await limiter.spend(first, "a", quota=quota)).is_allowed
    assert not (await limiter.spend(first, "a", quota=quota)).is_allowed
    assert (await limiter.spend(first, "b", quota=quota)).is_allowed
    assert (await limiter.spend(second, "a", quota=quota)).is_allowed


async def test_the_unshared_part_costs_no_write_and_stays_within_the_quota(
    database: Database,
) -> None:
    counting = CountingDatabase(database)
    limiter = RateLimiter(counting, clock=Clock())  # type: ignore[arg-type]  # a counting stand-in
    tenant_id, quota = uuid4(), Quota("session", requests=40, unshared=10)
    for spent in range(1, 11):
        assert (await spend(limiter, tenant_id, quota=quota)).remaining == 40 - spent
    assert counting.transactions == 0
    allowed = [(await spend(limiter, tenant_id, quota=quota)).is_allowed for _ in range(60)]
    assert sum(allowed) == 30


async def test_a_clock_that_lags_gains_nothing(database: Database) -> None:
    tenant_id, quota = uuid4(), Quota("client", requests=10)
    ahead = RateLimiter(database, clock=Clock(1_800_000_000.0))
    behind = RateLimiter(database, clock=Clock(1_800_000_000.0 - WINDOW_SECONDS / 2))
    allowed = [(await spend(ahead, tenant_id, quota=quota)).is_allowed for _ in range(8)]
    assert all(allowed)
    allowed = [(await spend(behind, tenant_id, quota=quota)).is_allowed for _ in range(8)]
    assert sum(allowed) <= 2
