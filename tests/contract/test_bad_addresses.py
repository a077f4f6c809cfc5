"""On every operation: ids, query parameters and headers that nobody sane sends."""

from urllib.parse import quote

import httpx
import pytest

from tests.support.belongings import Belongings
from tests.support.callers import Caller
from tests.support.operations import METHODS, Operation, each, operations
from tests.support.problems import check_problem

NONSENSE = (
    "not-an-id",
    "0",
    "-1",
    "1e999",
    "NaN",
    "9" * 400,
    "1.3' OR '1'='1",
    "$(id)",
    "{}",
    "null",
    "../../etc/passwd",
    "é" * 300,
    "\U0001f468\u200d\U0001f4bb",
    "\x01\x7f",
    "\u202e\ufeff",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-03-02T08:30:00",
    "%41",
    "x" * 5000,
)
NOT_TEXT = ("%00", "a%00b", "%ff", "%c3%28", "%ed%a0%80")
"""Percent-encoded NUL, and bytes that are not UTF-8."""


async def send(
    sender: Caller, operation: Operation, *, address: str, belongings: Belongings
) -> httpx.Response:
    return await sender.request(operation.method, address, **belongings.sending(operation))


def with_parameter(operation: Operation, name: str, *, raw: str, belongings: Belongings) -> str:
    """The address with one path or query parameter replaced, as it stands."""
    values = {one: quote(text) for one, text in belongings.path_values(operation).items()}
    query = {one: quote(text) for one, text in belongings.query_values(operation).items()}
    (values if name in operation.path_parameters else query)[name] = raw
    asked = "&".join(f"{one}={text}" for one, text in query.items())
    return operation.path.format_map(values) + (f"?{asked}" if asked else "")


@each(lambda one: one.is_guarded and one.path_parameters)
async def test_nonsense_in_paths_is_not_found_or_invalid(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    for name in operation.path_parameters:
        for text in NONSENSE:
            raw = quote(text, safe="")
            address = with_parameter(operation, name, raw=raw, belongings=belongings)
            answer = await send(sender, operation, address=address, belongings=belongings)
            if answer.is_success:  # an external id is whatever its system says it is
                assert "by-external-id" in operation.path
                continue
            assert answer.status_code in {404, 422}, (name, text, answer.text)
            is_elsewhere = check_problem(answer)["code"] == "not_found"  # it held a slash
            check_problem(answer, of=None if is_elsewhere else operation)


@each(lambda one: one.is_guarded and one.query_parameters)
async def test_nonsense_in_queries_is_invalid_or_finds_nothing(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    for name in operation.query_parameters:
        for text in (*NONSENSE, ""):
            raw = quote(text, safe="")
            address = with_parameter(operation, name, raw=raw, belongings=belongings)
            answer = await send(sender, operation, address=address, belongings=belongings)
            if not answer.is_success:
                check_problem(answer, of=operation)
                assert answer.status_code in {404, 422}, (name, text, answer.text)


@each(lambda one: one.is_guarded and (one.path_parameters or one.query_parameters))
@pytest.mark.parametrize("raw", NOT_TEXT)
async def test_what_is_not_text_is_malformed(
    operation: Operation, sender: Caller, *, belongings: Belongings, raw: str
) -> None:
    for name in (*operation.path_parameters, *operation.query_parameters):
        address = with_parameter(operation, name, raw=raw, belongings=belongings)
        answer = await send(sender, operation, address=address, belongings=belongings)
        check_problem(answer, 400, code="malformed_request", of=operation)


@each(lambda one: one.is_guarded and "limit" in one.query_parameters)
async def test_limits_are_within_bounds(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    for raw in ("0", "201", "-1", "1.5", "ten", ""):
        address = with_parameter(operation, "limit", raw=raw, belongings=belongings)
        answer = await send(sender, operation, address=address, belongings=belongings)
        problem = check_problem(answer, 422, code="invalid_input", of=operation)
        assert problem["errors"][0]["pointer"] == "/query/limit"  # type: ignore[index]  # a list, see check_problem


@each(lambda one: one.is_guarded)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Accept-Language", b"\xff\xfe;q=nan,,;;q=,*;q=-1"),
        ("Accept-Language", b"en;q=" + b"9" * 150),
        ("If-None-Match", b'"\xff", W/, ,,'),
        ("If-Match", b'W/"\xe9"'),
        ("Idempotency-Key", b"\xe9 \x01"),
        ("X-Request-Id", b"\xe9" * 20),
        ("Origin", b"http://\xff.example"),
        ("Accept", b"text/\xff"),
    ],
)
async def test_nonsense_in_headers_breaks_nothing(
    operation: Operation, sender: Caller, *, belongings: Belongings, header: str, value: bytes
) -> None:
    address = operation.address(
        belongings.path_values(operation), query=belongings.query_values(operation)
    )
    sent = belongings.sending(operation)
    sent["headers"] = {"Authorization": f"Bearer {sender.token}", **sent.get("headers", {})}
    request = sender.http.build_request(operation.method, address, **sent)
    request.headers = httpx.Headers([*request.headers.raw, (header.encode(), value)])
    answer = await sender.http.send(request)
    assert answer.status_code < 500, answer.text
    if not answer.is_success and answer.status_code != 304:
        check_problem(answer, of=operation)


async def test_an_endless_content_length_is_too_large(sender: Caller) -> None:
    for digits in (b"9" * 5000, b"1048577"):
        answer = await sender.post("/v1/recommendations", headers={b"Content-Length": digits})
        check_problem(answer, 413, code="body_too_large")


@pytest.mark.parametrize("path", sorted({one.path for one in operations()}))
async def test_another_method_is_not_allowed_and_the_right_ones_are_named(
    path: str, sender: Caller
) -> None:
    known = {one.method for one in operations() if one.path == path}
    address = path.format_map({name: "x" for one in operations() for name in one.path_parameters})
    for method in {*(one.upper() for one in METHODS), "OPTIONS"} - known:
        answer = await sender.request(method, address)
        check_problem(answer, 405, code="method_not_allowed")
        allowed = set(answer.headers["allow"].replace(" ", "").split(","))
        assert allowed - {"HEAD"} == known, method


@pytest.mark.parametrize(
    "address",
    ["/v1", "/v1/", "/v2/frameworks", "/v1/frameworks/", "//v1/frameworks", "/v1/agents/a/b"],
)
async def test_an_unknown_address_is_not_found(sender: Caller, address: str) -> None:
    check_problem(await sender.get("http://pacnum.test" + address), 404, code="not_found")
