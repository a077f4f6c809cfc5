"""On every operation with a JSON body: what is no JSON, no text, too large, or not what was asked.

The rest of each request is sound and authorised, so that nothing but the body can be refused.
"""

import copy
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.belongings import Belongings
from tests.support.callers import Caller
from tests.support.operations import JSON, Operation, each
from tests.support.problems import check_problem, pointers

TEN_MEGABYTES = 10 * 2**20

with_json = each(lambda one: one.body_type == JSON)


async def send(
    sender: Caller,
    operation: Operation,
    *,
    belongings: Belongings,
    content: bytes | AsyncIterator[bytes],
    media_type: str | None = JSON,
) -> httpx.Response:
    address = operation.address(belongings.path_values(operation))
    headers = {} if media_type is None else {"Content-Type": media_type}
    return await sender.request(operation.method, address, content=content, headers=headers)


MALFORMED = {
    "cut off": b'{"a": 1',
    "two documents": b"{} {}",
    "single quotes": b"{'a': 1}",
    "a stray comma": b'{"a": 1,}',
    "no JSON at all": b"<xml/>",
    "a word": b"nul",
    "not UTF-8": b'{"a": "\xff"}',
    "cut UTF-8": b'{"a": "\xc3"}',
    "an overlong form": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a bare NUL": b'{"a": "\x00"}',
    "UTF-16": '{"a": "é"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": "\\u0000"}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "a bare line feed in a text": b'{"a": "\n"}',
    "nested too deeply": b"[" * 100_000 + b"]" * 100_000,
    "objects nested too deeply": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a number of 5000 digits": b'{"a": ' + b"9" * 5000 + b"}",
}

OF_NO_TYPE_HERE: tuple[object, ...] = (
    {"unexpected": []},
    [[]],
    1e300,
    -(2**80),
    True,
    "\N{SNOWMAN}" * 5000,
)


@with_json
async def test_what_is_not_json_in_utf8_is_malformed(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    for what, content in MALFORMED.items():
        answer = await send(sender, operation, belongings=belongings, content=content)
        assert answer.status_code == 400, (what, answer.text)
        check_problem(answer, 400, code="malformed_request", of=operation)


@with_json
async def test_not_a_number_is_no_json(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    body = belongings.body(operation)
    assert body is not None
    for word in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        for place in [*leaves(body), "/unexpected"]:
            content = with_raw(body, place, word)
            answer = await send(sender, operation, belongings=belongings, content=content)
            assert answer.status_code in {400, 422}, (word, place, answer.text)
            check_problem(answer, of=operation)


@with_json
@pytest.mark.parametrize("scalar", [None, True, 1, 1.5, "text", [], [{}]], ids=repr)
async def test_a_body_that_is_no_object_is_invalid(
    operation: Operation, sender: Caller, *, belongings: Belongings, scalar: object
) -> None:
    content = json.dumps(scalar).encode()
    answer = await send(sender, operation, belongings=belongings, content=content)
    problem = check_problem(answer, 422, code="invalid_input", of=operation)
    assert pointers(problem) == [""]


@with_json
async def test_an_empty_body_is_a_missing_one(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    answer = await send(sender, operation, belongings=belongings, content=b"")
    assert pointers(check_problem(answer, 422, code="invalid_input", of=operation)) == [""]


@with_json
async def test_unknown_members_are_refused_by_name(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    body = {**(belongings.body(operation) or {}), "unexpected": 1, "a/b~c": 2}
    answer = await send(sender, operation, belongings=belongings, content=json.dumps(body).encode())
    problem = check_problem(answer, 422, code="invalid_input", of=operation)
    assert set(pointers(problem)) == {"/unexpected", "/a~1b~0c"}


@with_json
async def test_wrong_types_are_told_by_place(
    operation: Operation, sender: Caller, *, belongings: Belongings
) -> None:
    body = belongings.body(operation) or {}
    for name, right in body.items():
        for wrong in OF_NO_TYPE_HERE:
            changed = {**body, name: wrong}
            answer = await send(
                sender, operation, belongings=belongings, content=json.dumps(changed).encode()
            )
            if answer.is_success:
                assert type(wrong) is type(right), (name, wrong, answer.text)
                continue
            assert answer.status_code == 422, (name, wrong, answer.text)
            problem = check_problem(answer, 422, of=operation)
            assert all(one.startswith((f"/{name}",)) or one == "" for one in pointers(problem))


@with_json
@pytest.mark.parametrize("character", ["\x00", "\ud800", "a\x00b"], ids=ascii)
async def test_text_that_cannot_be_kept_is_told_by_place(
    operation: Operation, sender: Caller, *, belongings: Belongings, character: str
) -> None:
    body = belongings.body(operation) or {}
    texts = [place for place in leaves(body) if isinstance(found_at(body, place), str)]
    for place in texts:
        changed = replaced(body, place, lambda _: character)
        answer = await send(
            sender, operation, belongings=belongings, content=json.dumps(changed).encode()
        )
        assert place in pointers(check_problem(answer, 422, code="invalid_input", of=operation))
    named = {**body, f"x{character}": {"deeper": character}}
    answer = await send(
        sender, operation, belongings=belongings, content=json.dumps(named).encode()
    )
    assert "" in pointers(check_problem(answer, 422, code="invalid_input", of=operation))


@with_json
@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "streamed"])
async def test_ten_megabytes_are_too_large(
    operation: Operation, sender: Caller, *, belongings: Belongings, is_announced: bool
) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b'{"a": "'
        for _ in range(160):
            yield b"a" * 65536

    content = b'"' + b"a" * TEN_MEGABYTES if is_announced else stream()
    answer = await send(sender, operation, belongings=belongings, content=content)
    check_problem(answer, 413, code="body_too_large", of=operation)


@with_json
@pytest.mark.parametrize(
    "media_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ";"],
)
async def test_another_media_type_is_not_supported(
    operation: Operation, sender: Caller, *, belongings: Belongings, media_type: str | None
) -> None:
    content = json.dumps(belongings.body(operation)).encode()
    answer = await send(
        sender, operation, belongings=belongings, content=content, media_type=media_type
    )
    check_problem(answer, 415, code="unsupported_media_type", of=operation)


@with_json
@pytest.mark.parametrize(
    "media_type", [JSON, "application/json; charset=utf-8", "Application/JSON"]
)
async def test_json_by_any_of_its_names_is_supported(
    operation: Operation, sender: Caller, *, belongings: Belongings, media_type: str
) -> None:
    answer = await send(
        sender, operation, belongings=belongings, content=b"[]", media_type=media_type
    )
    check_problem(answer, 422, code="invalid_input", of=operation)


# --- places in a document -------------------------------------------------------------------------


def leaves(value: object, pointer: str = "") -> Iterator[str]:
    """Pointers of everything that is no object and no list."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{index}")
    else:
        yield pointer


def found_at(document: Any, pointer: str) -> object:
    for step in pointer.split("/")[1:]:
        document = document[int(step) if isinstance(document, list) else step]
    return document


def replaced(document: Any, pointer: str, change: Callable[[object], object]) -> Any:
    """A copy with another value at one place."""
    changed = copy.deepcopy(document)
    parent, _, last = pointer.rpartition("/")
    place: Any = found_at(changed, parent)
    key = int(last) if isinstance(place, list) else last
    place[key] = change(place.get(key) if isinstance(place, dict) else place[key])
    return changed


def with_raw(document: Any, pointer: str, word: str) -> bytes:
    """The document's JSON with a bare word, JSON or not, at one place."""
    marked = json.dumps(replaced(document, pointer, lambda _: "MARK"))
    return marked.replace('"MARK"', word).encode()
