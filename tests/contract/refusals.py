"""A check of ours for schemathesis: what fits its schema is refused only for a fact.

``schemathesis.toml`` lets a valid request be refused by statuses that stand for facts no schema can
state. Here those facts are named, so that nothing else passes as one of them.
"""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response, SerializationContext

REFUSALS = {400, 412, 413, 415, 422, 428}
FACTS = {
    "idempotency_key_reused",  # the same key was sent with another request before
    "invalid_cursor",  # no page of this list began there
    "precondition_failed",  # If-Match names another state
    "precondition_required",  # the resource exists, so If-Match has to name its state
    "response_rejected",  # the form of response is the item's own
    "training_rejected",  # levels, prerequisites and codes that contradict each other
    "training_session_rejected",  # ends before it starts, or of a training nobody knows
}
VALUES = re.compile(
    r"expected a competence"  # of the framework, or among those asked about
    r"|expected a target for"
    r"|expected a level from"
    r"|expected at most \d+$"  # the framework's highest level
    r"|expected either a level or a theta"
    r"|this competence stands here twice"
    r"|expected text without NUL or lone surrogate"  # JSON has them, PostgreSQL's text does not
)
"""What ``invalid_input`` says of values that contradict a framework or each other."""


@schemathesis.check
def refused_for_a_fact(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    del ctx
    meta = case.meta
    if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if response.status_code not in REFUSALS or not case.path.startswith("/v1/"):
        return
    problem = response.json()
    faults = [fault["message"] for fault in problem["errors"]]
    if problem["code"] == "invalid_input" and faults and all(map(VALUES.match, faults)):
        return
    assert problem["code"] in FACTS, f"{problem['code']}: {problem['detail']} {problem['errors']}"


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def lines(ctx: SerializationContext, value: Any) -> bytes:
    """A file of lines goes as it is: schemathesis knows no such media type."""
    del ctx
    return value if isinstance(value, bytes) else str(value).encode()
