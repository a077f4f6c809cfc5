"""What is in the database afterwards, beside what the agents were told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx

from benchmarks.fault_agents import Crowd, Taking
from benchmarks.fault_stage import Stage
from pacnum_api.domains.items.service import ItemBank

MADE_TWICE = """
SELECT (SELECT count(*) - count(DISTINCT (session_id, position)) FROM answers
         WHERE session_id = ANY($1))
     + (SELECT count(*) - count(DISTINCT (session_id, competence)) FROM results
         WHERE session_id = ANY($1))
     + (SELECT count(*) - count(DISTINCT (type, subject)) FROM outbox_events
         WHERE subject = ANY($2) AND type LIKE 'test_session.%')
"""
SESSIONS_OF = """
SELECT s.id, s.state, s.version, s.categories, s.items,
       (SELECT count(*) FROM results r WHERE r.session_id = s.id) AS results
  FROM test_sessions s
 WHERE s.tenant_id = $1 AND s.created_at >= $2
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """``begun_twice``: sessions that no agent knows of. ``torn``: rows that contradict others."""

    acknowledged: int
    found_equal: int
    duplicates: int
    begun_twice: int
    torn: int
    stuck: int

    @property
    def is_sound(self) -> bool:
        is_kept = self.found_equal == self.acknowledged
        return is_kept and not (self.duplicates or self.begun_twice or self.torn or self.stuck)


async def findings_of(stage: Stage, crowd: Crowd, *, since: object) -> Findings:
    """Compare, then go on with every test that had not ended: the next answer must be taken."""
    ids = [UUID(taking.session_id) for taking in crowd.takings]
    async with (
        stage.owner() as owner,
        owner.transaction(isolation="repeatable_read", readonly=True),
    ):
        # one snapshot: what was sent last may be accepted while this looks
        rows = await owner.fetch(
            "SELECT session_id, position, item_id, response::text, accepted_at FROM answers "
            "WHERE session_id = ANY($1)",
            ids,
        )
        duplicates = await owner.fetchval(MADE_TWICE, ids, [str(one) for one in ids])
        sessions = await owner.fetch(SESSIONS_OF, stage.tenant.id, since)
    stored = {(str(row["session_id"]), row["position"]): row for row in rows}
    equal = sum(_is_equal(stored, taking) for taking in crowd.takings)
    counts: dict[UUID, int] = {}
    for row in rows:
        counts[row["session_id"]] = counts.get(row["session_id"], 0) + 1
    known = set(ids)
    return Findings(
        acknowledged=sum(len(taking.acknowledged) for taking in crowd.takings),
        found_equal=equal,
        duplicates=duplicates,
        # one per agent may have been begun without its agent having heard of it when time was up
        begun_twice=max(
            0, len([row for row in sessions if row["id"] not in known]) - crowd.unheard
        ),
        torn=sum(
            _is_torn(row, counts.get(row["id"], 0), stage.tenant.bank)
            for row in sessions
            if row["id"] in known
        ),
        stuck=await _stuck(stage, crowd.takings),
    )


def _is_equal(stored: dict[tuple[str, int], asyncpg.Record], taking: Taking) -> int:
    equal = 0
    for told in taking.acknowledged:
        row = stored.get((taking.session_id, told.position))
        if row is None:
            continue
        response = None if row["response"] is None else json.loads(row["response"])
        equal += (str(row["item_id"]), response) == (told.item_id, told.response)
    return equal


def _is_torn(session: asyncpg.Record, answers: int, bank: ItemBank) -> bool:
    """Whether the row, the answers and the results, one of each competence answered, disagree."""
    is_open = session["state"] == "in_progress"
    counted = len(session["categories"]) == answers == session["version"] - 1
    answered = {int(bank.tables.competence_of[item]) for item in session["items"][:answers]}
    return not (
        counted
        and len(session["items"]) == answers + is_open
        and session["results"] == (0 if is_open else len(answered))
    )


async def _stuck(stage: Stage, takings: Sequence[Taking]) -> int:
    stuck = 0
    async with httpx.AsyncClient(base_url=stage.service.url, timeout=30) as http:
        for taking in takings:
            if taking.pending is not None:
                stuck += not await _goes_on(http, taking)
    return stuck


async def _goes_on(http: httpx.AsyncClient, taking: Taking) -> bool:
    headers = {"Authorization": f"Bearer {taking.token}"}
    path = f"/v1/test-sessions/{taking.session_id}"
    seen = await http.get(path, headers=headers)
    if seen.status_code != 200:
        return False
    pending = seen.json()["pending_item"]
    if pending is None:
        return (await http.get(f"{path}/result", headers=headers)).status_code == 200
    body = {"position": pending["position"], "item_id": pending["item_id"], "response": None}
    return (await http.post(f"{path}/answers", json=body, headers=headers)).status_code == 201
