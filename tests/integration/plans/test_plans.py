"""How PostgreSQL finds what the service asks for: by an index, on two kinds of day.

*Busy*: some tests are under way. *Quiet*: statistics were taken when none was, as after a night;
the plans made then must still be right when everybody begins in the morning.
"""

import os
from pathlib import Path

import asyncpg
import pytest

from pacnum_api.platform import batches
from tests.integration.plans.conftest import Grown, Plans
from tests.integration.plans.document import render, without_plans
from tests.integration.plans.queries import QUERIES, Query
from tests.support.plans import plan_of, plans_of

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "plans.md"
WRITE = "PACNUM_WRITE_PLANS"

days = pytest.mark.parametrize("day", ["busy", "quiet"])


@days
@pytest.mark.parametrize("query", QUERIES, ids=[query.name for query in QUERIES])
def test_a_frequent_query_finds_its_rows_by_its_index(
    grown: Grown, plans: Plans, *, query: Query, day: str
) -> None:
    sent = grown.sent.with_all(*query.words)
    assert sent, "nothing of this kind was sent: has it been written anew?"
    for sql in sent:
        plan = plans[day][sql]
        if query.by is not None:
            assert plan.ways == query.by, plan.text
        assert plan.arbiters == (() if query.arbiter is None else (query.arbiter,)), plan.text


@days
def test_nothing_that_is_sent_reads_a_growing_table_from_end_to_end(
    plans: Plans, *, day: str
) -> None:
    assert len(plans[day]) > 40
    whole = {sql: plan.text for sql, plan in plans[day].items() if plan.read_whole}
    assert whole == {}


@pytest.mark.usefixtures("plans")
async def test_the_settings_of_batches_change_no_plan(grown: Grown) -> None:
    statements = [
        *grown.sent.with_all("INSERT INTO answers"),
        *grown.sent.with_all("FROM test_sessions", "id = ANY($2::uuid[])"),
    ]
    found = await plans_of(
        grown.database, grown.tenant_id, statements=statements, planner=batches.PLANNER
    )
    assert [plan.ways for plan in found.values()] == [{("test_sessions", "pk_test_sessions")}] * 2


async def test_a_query_without_an_index_is_found_out(grown: Grown) -> None:
    without = "SELECT count(*) FROM answers WHERE tenant_id = $1 AND item_id = $2"
    with_one = "SELECT count(*) FROM answers WHERE tenant_id = $1 AND session_id = $2"
    plans = await plans_of(grown.database, grown.tenant_id, statements=[without, with_one])
    assert plans[without].read_whole == {"answers"}
    assert plans[with_one].read_whole == set()


async def test_an_index_that_is_gone_is_missed(grown: Grown) -> None:
    (history, *_) = grown.sent.with_all("FROM results", "ORDER BY results.measured_at DESC")
    generic = {"plan_cache_mode": "force_generic_plan"}
    owner = await asyncpg.connect(grown.url, server_settings=generic)
    taken_back = owner.transaction()
    await taken_back.start()
    await owner.execute("DROP INDEX ix_results_profile")
    plan = await plan_of(owner, history)
    await taken_back.rollback()
    assert plan.read_whole == {"results"}
    assert (await plan_of(owner, history)).ways == {("results", "ix_results_profile")}
    await owner.close()


@pytest.mark.usefixtures("plans")
async def test_the_state_of_a_test_would_offer_the_wrong_index(grown: Grown) -> None:
    """Why answers ask whether a test has ended: asked for its state, all open ones are searched."""
    (save,) = grown.sent.with_all("INSERT INTO answers")
    by_state = save.replace("session.finished_at IS NULL", "session.state = 'in_progress'")
    assert by_state != save
    plans = await plans_of(grown.database, grown.tenant_id, statements=[save, by_state])
    assert plans[save].ways == {("test_sessions", "pk_test_sessions")}
    assert plans[by_state].ways == {("test_sessions", "ix_test_sessions_open_expires_at")}


def test_the_plans_that_are_kept_are_those_of_today(grown: Grown, plans: Plans) -> None:
    found = render(grown.sent, plans["busy"])
    if os.environ.get(WRITE):
        DOCUMENT.write_text(found, "utf-8")
    kept = DOCUMENT.read_text("utf-8")
    assert without_plans(kept) == without_plans(found), f"{WRITE}=1 writes {DOCUMENT.name} anew"
