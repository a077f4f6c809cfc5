"""What every refusal looks like."""

import httpx

from tests.support.operations import Operation

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}


def check_problem(
    response: httpx.Response,
    status: int | None = None,
    *,
    code: str | None = None,
    of: Operation | None = None,
) -> dict[str, object]:
    """The problem document, after a look at all of its members and headers.

    ``of``: the operation must document the status, and the code among its examples.
    """
    assert response.status_code < 500 or status in {500, 503}, response.text
    assert status is None or response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, object] = response.json()
    assert set(problem) >= MEMBERS
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:pacnum:problem:{problem['code']}"
    assert problem["instance"] == response.request.url.path
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert all(set(one) == {"pointer", "message"} and one["message"] for one in errors)
    assert all(one["pointer"] == "" or one["pointer"].startswith("/") for one in errors)
    assert code is None or problem["code"] == code, response.text
    if of is not None:
        assert response.status_code in of.statuses, (of.id, response.status_code)
    return problem


def pointers(problem: dict[str, object]) -> list[str]:
    """Where the faults are."""
    errors = problem["errors"]
    assert isinstance(errors, list)
    return [one["pointer"] for one in errors]
