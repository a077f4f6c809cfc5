"""The queries that the service asks most, and the index by which each has to find its rows.

A query is recognised by some of its words in what was really sent; its text stands in the
repositories and nowhere else.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """``by``: table and index of everything that it reads of growing tables; None: any index.

    ``arbiter``: the unique index that decides between two who insert the same.
    """

    name: str
    words: tuple[str, ...]
    by: frozenset[tuple[str, str]] | None = frozenset()
    arbiter: str | None = None


def one(table: str, index: str) -> frozenset[tuple[str, str]]:
    return frozenset({(table, index)})


OPEN_TESTS = "ix_test_sessions_open_expires_at"
AGENTS_BY_CHANGE = "ix_agents_tenant_id_updated_at_id"
PROFILE = "ix_results_profile"

QUERIES = (
    Query(
        "Read a test",
        ("FROM test_sessions", "AND id = $2"),
        one("test_sessions", "pk_test_sessions"),
    ),
    Query(
        "Read the tests of a batch of answers",
        ("FROM test_sessions", "AND id = ANY($2::uuid[])"),
        one("test_sessions", "pk_test_sessions"),
    ),
    Query("Save answers", ("INSERT INTO answers",), one("test_sessions", "pk_test_sessions")),
    Query(
        "End a test without an answer",
        ("UPDATE test_sessions", "pending_issued_at = NULL"),
        one("test_sessions", "pk_test_sessions"),
    ),
    Query("Answers of a test", ("FROM answers", "ORDER BY position"), one("answers", "pk_answers")),
    Query(
        "The answer at a position",
        ("FROM answers", "AND position = $3"),
        one("answers", "pk_answers"),
    ),
    Query(
        "An agent by the employer's identifier",
        ("FROM agents", "agents.issuer ="),
        one("agents", "uq_agents_tenant_id_issuer_value"),
    ),
    Query(
        "An agent, added if new",
        ("INSERT INTO agents", "FROM known"),
        one("agents", "uq_agents_tenant_id_issuer_value"),
        arbiter="uq_agents_tenant_id_issuer_value",
    ),
    Query("An agent", ("FROM agents", "agents.id = $2"), one("agents", "pk_agents")),
    Query(
        "Items that an agent has answered",
        ("SELECT DISTINCT item_id",),
        one("answers", "pk_answers") | one("test_sessions", "ix_test_sessions_tenant_id_agent_id"),
    ),
    Query(
        "The latest abilities of an agent",
        ("FROM ability_states", "ORDER BY measured_at DESC"),
        one("ability_states", "ix_ability_states_latest"),
    ),
    Query(
        "The abilities that a test left",
        ("SELECT state FROM ability_states",),
        one("ability_states", "pk_ability_states"),
    ),
    Query(
        "Results of a test",
        ("FROM results", "session_id = $2", "ORDER BY competence"),
        one("results", "pk_results"),
    ),
    Query(
        "The latest results of an agent",
        ("SELECT DISTINCT ON (results.competence)",),
        one("results", PROFILE),
    ),
    Query(
        "The history of an agent",
        ("FROM results", "ORDER BY results.measured_at DESC"),
        one("results", PROFILE),
    ),
    Query(
        "Exposure of a bank's items, locked",
        ("FROM item_exposures", "FOR UPDATE"),
        one("item_exposures", "pk_item_exposures"),
    ),
    Query(
        "Exposure of a test that has ended",
        ("UPDATE item_exposures", "greatest("),
        one("item_exposures", "pk_item_exposures"),
    ),
    Query("Keep the results of a test", ("INSERT INTO results", "INSERT INTO ability_states")),
    Query("Begin a test", ("INSERT INTO test_sessions",)),
    Query(
        "Tests whose time has run out",
        ("FROM test_sessions", "SKIP LOCKED"),
        one("test_sessions", OPEN_TESTS),
    ),
    Query(
        "List agents by their last change",
        ("FROM agents", "ORDER BY agents.updated_at"),
        one("agents", AGENTS_BY_CHANGE),
    ),
    Query("Keep an event", ("INSERT INTO outbox_events", "VALUES ($1, $2")),
    Query(
        "Claim an idempotency key",
        ("INSERT INTO idempotency_keys",),
        arbiter="pk_idempotency_keys",
    ),
    Query(
        "A remembered response",
        ("SELECT", "FROM idempotency_keys"),
        one("idempotency_keys", "pk_idempotency_keys"),
    ),
    Query(
        "Lease from a caller's quota",
        ("INSERT INTO rate_limit_windows",),
        arbiter="pk_rate_limit_windows",
    ),
    Query(
        "A client, before its tenant is known",
        ("FROM api_clients WHERE api_clients.id = $1",),
        one("api_clients", "pk_api_clients"),
    ),
    Query(
        "Published trainings of a framework",
        ("FROM trainings", "training_competences.framework ="),
        by=None,
    ),
    Query("Dates of these trainings", ("FROM training_sessions", "starts_at >"), by=None),
)
