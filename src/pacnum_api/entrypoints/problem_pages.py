"""``docs/problems.md``: every problem that the service can answer with, from the code itself."""

from pacnum_api.entrypoints.api import ROUTERS
from pacnum_api.kernel.errors import DomainError
from pacnum_api.platform.problems import STATUS_OF_KIND, TITLES_OF_STATUS, TYPE_PREFIX

assert ROUTERS  # noqa: S101 - imported so that every domain has declared its errors

HEAD = """# Problems

Every error is an RFC 9457 document (`application/problem+json`). Its `type` is
`urn:pacnum:problem:` followed by the `code` below; programs should decide on `code`, people should
read `detail`. `errors` names each faulty value by a JSON pointer; `request_id` is what an operator
needs to find the request in the logs.

This page is generated from the code (`make openapi`).

| code | status | what happened |
| --- | --- | --- |
"""


def problems_page() -> str:
    """The page, sorted by code."""
    rows = {code: (status, f"{title}.") for status, (code, title) in TITLES_OF_STATUS.items()}
    for error in _all_errors(DomainError):
        if "code" in vars(error):
            sentence = (error.__doc__ or error.title).strip().split("\n", 1)[0]
            rows[error.code] = (STATUS_OF_KIND[error.kind], sentence)
    lines = [
        f"| `{code}` | {status} | {sentence} |" for code, (status, sentence) in sorted(rows.items())
    ]
    return HEAD + "\n".join(lines) + f"\n\nExample `type`: `{TYPE_PREFIX}{min(rows)}`.\n"


def _all_errors(base: type[DomainError]) -> list[type[DomainError]]:
    """Every subclass that the product defines (test suites define their own)."""
    found = []
    for error in base.__subclasses__():
        if error.__module__.startswith("pacnum_api."):
            found.append(error)
        found.extend(_all_errors(error))
    return found
