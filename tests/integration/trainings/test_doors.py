"""Who may read the catalogue and publish in it."""

import httpx
import pytest

from tests.support.callers import Caller

SOME_ID = "6f1c2f0e-5b4e-4a9e-9f0b-0d2f3f1f7a11"  # the same in every worker
READS = [
    "/v1/trainings",
    f"/v1/trainings/{SOME_ID}",
    "/v1/trainings/by-external-id/lms/a",
    "/v1/training-sessions",
    f"/v1/training-sessions/{SOME_ID}",
    "/v1/training-sessions/by-external-id/lms/a",
]
WRITES = ["/v1/trainings/by-external-id/lms/a", "/v1/training-sessions/by-external-id/lms/a"]
ROUTES = [*(("GET", path) for path in READS), *(("PUT", path) for path in WRITES)]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_comes_in_without_a_token(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_token"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        *(("GET", path, "trainings:write") for path in READS),
        *(("PUT", path, "trainings:read") for path in WRITES),
    ],
)
async def test_reading_and_publishing_are_separate_scopes(
    caller: Caller, method: str, path: str, scope: str
) -> None:
    narrow = await caller.with_scopes(scope)
    answer = await narrow.request(method, path)
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (READS[1], "training_not_found"),
        (READS[2], "training_not_found"),
        (READS[4], "training_session_not_found"),
        (READS[5], "training_session_not_found"),
    ],
)
async def test_what_is_not_there_is_not_found(caller: Caller, path: str, code: str) -> None:
    answer = await caller.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == code


@pytest.mark.parametrize("path", ["/v1/trainings", "/v1/training-sessions"])
@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "WyIyMDI3LTAxLTAxVDAwOjAwOjAwIiwieCJd",  # ["2027-01-01T00:00:00","x"]
        # ["2027-01-01T00:00:00", a UUID]: an instant without its offset
        "WyIyMDI3LTAxLTAxVDAwOjAwOjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
    ],
)
async def test_invented_cursors_are_refused(caller: Caller, path: str, cursor: str) -> None:
    answer = await caller.get(path, params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_cursor"
