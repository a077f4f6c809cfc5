"""``docs/plans.md``: the frequent queries as they are sent, and the plan of each."""

import re
from collections.abc import Mapping

from tests.integration.plans.queries import QUERIES
from tests.support.plans import Plan, Sent

HEAD = """\
# Query plans

What the service asks most often, as it is sent, and how PostgreSQL 18 finds it: generic plans, as
the service uses them, of its own role under row-level security, on a database of some tests of many
tenants. `tests/integration/plans` writes this page if `PACNUM_WRITE_PLANS=1` is set, and fails when

- a query here takes another index than the one that `queries.py` names, on a busy day or after a
  quiet night, when statistics say that no test is under way;
- any statement of a journey through the API and the worker's jobs reads a table that grows with
  tests, agents or tenants from end to end;
- the text of a query is no longer the one below.

Calibration is not among them: it reads all answers of a framework, once in a while, on purpose.
"""

_MORE_VALUES = re.compile(r"IN \((\$\d+::\w+), [^)]*\)")
_PLAN = re.compile(r"```text\n.*?```\n", re.DOTALL)


def render(sent: Sent, plans: Mapping[str, Plan]) -> str:
    """The whole page."""
    parts = [HEAD]
    for query in QUERIES:
        parts.append(f"\n## {query.name}\n")
        seen: set[str] = set()
        for sql in sent.with_all(*query.words):
            shown = _MORE_VALUES.sub(r"IN (\1, …)", sql.strip())
            if shown not in seen:
                seen.add(shown)
                parts += [f"\n```sql\n{shown}\n```\n", f"\n```text\n{plans[sql].text}\n```\n"]
    return "".join(parts)


def without_plans(page: str) -> str:
    """The page without what depends on the version of PostgreSQL."""
    return _PLAN.sub("", page)
