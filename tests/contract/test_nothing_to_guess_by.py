"""Whole tests, played with a session token: no payload and no file gives an answer away."""

import io
import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from pypdf import PdfReader

from pacnum_api.domains.items.service import ItemBank, current_bank, get_bank
from pacnum_api.domains.items.types import Item
from tests.support.answering import some_response
from tests.support.callers import Caller, make_caller
from tests.support.problems import check_problem

GIVEAWAYS = frozenset(
    {
        "a",
        "accepted",
        "accepted_answers",
        "answer",
        "answers",
        "b",
        "c",
        "category",
        "correct",
        "d",
        "difficulty",
        "discrimination",
        "discriminations",
        "enemies",
        "equivalents",
        "feedback",
        "grade",
        "grading",
        "guessing",
        "incorrect",
        "is_correct",
        "key",
        "keys",
        "parameters",
        "partial",
        "rules",
        "score",
        "seed",
        "sigma_a",
        "sigma_b",
        "solution",
        "steps",
        "template",
        "tolerance",
        "typos",
        "variables",
        "why",
    }
)
"""Member names that no payload has. The echo of an accepted answer is looked at apart."""

SHOWN = frozenset(
    {
        "alt",
        "blanks",
        "categories",
        "competence",
        "content",
        "decimals",
        "entries",
        "files",
        "height",
        "hint",
        "href",
        "id",
        "image",
        "interaction",
        "issued_at",
        "item_id",
        "kind",
        "left",
        "max_length",
        "media_type",
        "name",
        "options",
        "position",
        "regions",
        "right",
        "scenario",
        "select",
        "stem",
        "text",
        "time_limit_seconds",
        "type",
        "unit",
        "units",
        "width",
        "x",
        "y",
    }
)
"""Every member name that a pending item may have."""

LABEL = re.compile(r"[oeulrcb][1-9][0-9]?")
FEWEST_TELLING_WORDS = 6
"""Of a piece of text: in a bank of 504 items shorter ones ("at the real rate") meet by chance. The
bank's lint holds each piece of four words against its own item."""


@dataclass
class Seen:
    """All that one session's token has fetched."""

    locale: str
    payloads: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def keep(self, response: httpx.Response) -> dict[str, Any]:
        payload: dict[str, Any] = response.json()
        self.payloads.append(payload)
        if payload.get("pending_item"):
            self.items.append(payload["pending_item"])
        return payload


@pytest.fixture(scope="module")
async def bank(app: FastAPI) -> ItemBank:
    """The bank that ships, with its keys."""
    async with app.state.database.unit_of_work(uuid4()) as uow:
        return await get_bank(uow, (await current_bank(uow, "digcomp-2.2")).id)


@dataclass(frozen=True)
class Game:
    """What a test is about, and how often its answers are right."""

    area: str
    locale: str
    right: float


async def play(caller: Caller, bank: ItemBank, *, game: Game, chance: random.Random) -> Seen:
    """One test on an area's competences, with everything on the way that a token can fetch.

    Agents of all abilities play: each meets other items.
    """
    body = {
        "agent": {"external_id": {"issuer": "lms", "value": f"a-{chance.random()}"}},
        "framework": "digcomp-2.2",
        "competences": [code for code in bank.competences if code.startswith(game.area)],
        "locale": game.locale,
    }
    begun = await caller.post("/v1/test-sessions", json=body)
    taker = caller.with_token(begun.json()["session_token"])
    path = f"/v1/test-sessions/{begun.json()['id']}"
    seen = Seen(game.locale)
    seed = int((await caller.get(f"{path}/explanation")).json()["seed"])
    pending = seen.keep(await taker.get(path))["pending_item"]
    while pending is not None:
        await _open_files(taker, pending, seen=seen)
        answer = {"position": pending["position"], "item_id": pending["item_id"]}
        answer["response"] = some_response(pending, chance)
        index = bank.index_of(UUID(pending["item_id"]))
        if index is not None and chance.random() < game.right:
            answer["response"] = bank.right_response(index, seed=seed, locale=game.locale)
        accepted = await taker.post(f"{path}/answers", json=answer)
        assert accepted.status_code == 201, accepted.text
        if pending["position"] == 5:
            await _provoke(taker, path, answer=answer, seen=seen)
        pending = seen.keep(accepted)["pending_item"]
    for part in ("", "/result"):
        seen.keep(await taker.get(path + part, headers={"Accept-Language": game.locale}))
    return seen


async def _open_files(taker: Caller, pending: dict[str, Any], *, seen: Seen) -> None:
    for file in pending["content"]["files"]:
        fetched = await taker.get(file["href"])
        assert fetched.status_code == 200, fetched.text
        seen.files.append(readable(fetched.content))


async def _provoke(taker: Caller, path: str, *, answer: dict[str, Any], seen: Seen) -> None:
    """Refusals may not say more than answers do."""
    sent = f"{path}/answers"
    other = {**answer, "client_duration_seconds": 1, "response": None}
    if answer["response"] is None:
        other["response"] = {"type": "short_text", "text": "x"}
    refused = check_problem(await taker.post(sent, json=other), 409)
    echo = refused.pop("accepted")
    assert isinstance(echo, dict)
    assert set(echo) == {"position", "item_id", "response", "accepted_at"}
    assert echo["response"] == answer["response"]
    pending = (await taker.get(path)).json()["pending_item"]
    wrong = {"position": pending["position"], "item_id": pending["item_id"]}
    numeric, ordering = {"type": "numeric", "value": 1}, {"type": "ordering", "order": []}
    misfit = ordering if pending["type"] == "numeric" else numeric
    malformed = await taker.post(sent, json={**wrong, "response": misfit})
    early = await taker.post(sent, json={**wrong, "position": 99, "response": None})
    swapped = await taker.post(sent, json={**wrong, "item_id": answer["item_id"], "response": None})
    seen.problems += [
        refused,
        check_problem(malformed, 422, code="response_rejected"),
        check_problem(early, 409, code="position_not_pending"),
        check_problem(swapped, 409, code="item_not_pending"),
    ]


def readable(content: bytes) -> str:
    """Everything in a file that can be read, whatever its form."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(
                archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
            )
    if content.startswith(b"%PDF"):
        pages = PdfReader(io.BytesIO(content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return content.decode("utf-8")


@pytest.fixture(scope="module")
async def games(app: FastAPI, bank: ItemBank) -> list[Seen]:
    """Every area in both languages; a token's quota would not bear all areas in one minute."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pacnum.test") as http:
        caller = await make_caller(app, http)
        chance = random.Random(20260302)  # noqa: S311 - answers by chance, the same in every run
        return [
            await play(caller, bank, game=Game(area, locale, right), chance=chance)
            for area in ("1.", "2.", "3.", "4.", "5.")
            for locale in ("fr", "en")
            for right in (0.1, 0.5, 0.9)
        ]


def members(value: object) -> Iterator[str]:
    """Every member name, at any depth."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from members(child)


def texts(value: object) -> Iterator[str]:
    """Every string, at any depth; of an item's dataclasses too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for child in value:
            yield from texts(child)
    elif is_dataclass(value):
        yield from texts([getattr(value, one.name) for one in fields(value)])


def named(value: object, *names: str) -> Iterator[object]:
    """Every value of an attribute of these names, at any depth of an item's dataclasses."""
    if isinstance(value, list | tuple):
        for child in value:
            yield from named(child, *names)
    elif is_dataclass(value):
        for one in fields(value):
            child = getattr(value, one.name)
            if one.name in names:
                yield child
            else:
                yield from named(child, *names)


def telling_texts(item: Item) -> set[str]:
    """Sentences only for the time after the answer; of a template, what stands between gaps."""
    secret = list(named(item, "feedback", "why", "justification", "facts"))
    pieces = (piece for text in texts(secret) for piece in re.split(r"\{\{.*?\}\}", text))
    return {plain(piece) for piece in pieces if len(piece.split()) >= FEWEST_TELLING_WORDS}


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_games_are_worth_looking_at(games: list[Seen], bank: ItemBank) -> None:
    assert {item["competence"] for seen in games for item in seen.items} == set(bank.competences)
    kinds = {item["type"] for seen in games for item in seen.items}
    assert kinds == {item.type for item in bank.items}
    assert sum(len(seen.files) for seen in games) > 20
    assert all(len(seen.problems) == 4 for seen in games)
    asked = {item["item_id"] for seen in games for item in seen.items}
    assert len(asked) > len(bank.items) / 2
    results = [payload for seen in games for payload in seen.payloads if "overall" in payload]
    assert len(results) == len(games)


def test_no_member_names_a_key_a_rule_or_a_parameter(games: list[Seen]) -> None:
    for seen in games:
        for payload in (*seen.payloads, *seen.problems):
            assert not GIVEAWAYS.intersection(members(payload)), payload
        for item in seen.items:
            assert set(members(item)) <= SHOWN


def test_parts_bear_labels_instead_of_their_authors_ids(games: list[Seen], bank: ItemBank) -> None:
    for seen in games:
        for shown in seen.items:
            item = bank.items[bank.item_ids.index(uuid_of(shown))]
            parts = list(part_ids(shown["content"]["interaction"]))
            assert all(LABEL.fullmatch(label) for label in parts)
            authored = {str(one) for one in named(item.task.interaction, "id")}
            # an author may have called a gap b1 too
            telling = {name for name in authored if not LABEL.fullmatch(name)}
            assert not telling.intersection(words_of(shown))
            assert item.key not in str(shown)
            assert "{{" not in str(shown)


def uuid_of(shown: dict[str, Any]) -> UUID:
    return UUID(shown["item_id"])


def part_ids(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "id" in value:
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from part_ids(child)


def words_of(shown: dict[str, Any]) -> set[str]:
    """Every whole value that is no text to read: names, ids, kinds."""
    interaction = shown["content"]["interaction"]
    return set(part_ids(interaction)) | {file["name"] for file in shown["content"]["files"]}


def test_no_text_for_afterwards_is_shown_before(games: list[Seen], bank: ItemBank) -> None:
    telling = {text for item in bank.items for text in telling_texts(item)}
    assert len(telling) > 4 * len(bank.items)
    for seen in games:
        fetched = plain("\n".join([*texts(seen.payloads), *texts(seen.problems), *seen.files]))
        shown = [text for text in telling if text in fetched]
        assert not shown


def test_right_and_wrong_answers_are_met_with_the_same_words(games: list[Seen]) -> None:
    """A reply is the next item and how far the test is: its form tells nothing of the answer."""
    replies = [one for seen in games for one in seen.payloads if "accepted_at" in one]
    assert {frozenset(one) for one in replies} == {
        frozenset({"position", "accepted_at", "state", "progress", "pending_item"})
    }
    progress = {frozenset(one["progress"]) for one in replies}
    assert progress == {frozenset({"answered", "at_most", "fraction", "competences"})}
