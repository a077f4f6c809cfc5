"""What a page needs of one item, ready to be written: what is shown, and for reviewers the key."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pacnum_api.domains.items.policy.file_drawings import ViewBox, check_drawing
from pacnum_api.domains.items.policy.presentation import BLANK_MARK
from pacnum_api.domains.items.policy.solving import right_response
from pacnum_api.domains.items.policy.wording import Wording, wording
from pacnum_api.domains.items.service.lint_bank.cases import Case
from pacnum_api.domains.items.service.lint_bank.proofs import case_of
from pacnum_api.domains.items.types import Item, LocalisedText

_LISTS: Final = ("options", "entries", "left", "right", "categories", "regions", "units")


@dataclass(frozen=True, slots=True)
class FileView:
    """One file: its bytes to save, and what a page shows of it by ``kind``."""

    name: str
    alt: str
    kind: str
    content: bytes
    rows: Sequence[Sequence[object]] = ()
    headers: Sequence[tuple[str, str]] = ()
    text: str = ""

    @property
    def data_uri(self) -> str:
        """A drawing inside of the page, so that it is seen wherever the page is moved."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.content).decode()


@dataclass(frozen=True, slots=True)
class KeyView:
    """What only reviewers may see."""

    answer: Sequence[tuple[str, str]]
    correct: str
    incorrect: str
    reasons: Sequence[tuple[str, str]]
    justification: Sequence[tuple[str, str]]
    facts: Sequence[str]
    outcomes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item for one seed and reader."""

    item: Item
    content: Mapping[str, Any]
    files: Sequence[FileView]
    cloze: Sequence[str | Mapping[str, Any]]
    box: ViewBox | None
    key: KeyView | None

    @property
    def interaction(self) -> Mapping[str, Any]:
        """What to answer with."""
        interaction: Mapping[str, Any] = self.content["interaction"]
        return interaction


def view_of(item: Item, *, seed: int, locale: str, with_key: bool) -> ItemView:
    """Show one variant. Raises TemplateExhausted, which a sound item does not."""
    case = case_of(item, seed=seed, locale=locale)
    words = wording(item, seed=seed, locale=locale)
    image = case.interaction.get("image")
    return ItemView(
        item=item,
        content=case.content,
        files=[_file(case, place) for place in range(len(case.files))],
        cloze=list(_cloze(case.interaction)),
        box=None if image is None else check_drawing(case.files[image].decode()),
        key=_key(item, words, seed=seed, content=case.content) if with_key else None,
    )


def _file(case: Case, place: int) -> FileView:
    name, content = list(case.files.items())[place]
    alt = str(case.content["files"][place]["alt"])
    kind = name.rsplit(".", 1)[1]
    alone = Case(case.locale, case.content, {name: content})
    if kind in {"csv", "xlsx", "ods"}:
        rows = [["" if cell is None else cell for cell in row] for row in alone.rows()]
        return FileView(name, alt, "table", content, rows=rows)
    if kind == "eml":
        headers = [(header, str(value)) for header, value in alone.message().items()]
        attached = [str(part.get_filename()) for part in alone.message().iter_attachments()]
        headers += [("Attachment", file) for file in attached]
        return FileView(name, alt, "email", content, headers=headers, text=alone.body())
    if kind == "svg":
        return FileView(name, alt, "drawing", content)
    if kind == "pdf":
        return FileView(name, alt, "pdf", content, text=alone.printed())
    return FileView(name, alt, "text", content, text=content.decode())


def _cloze(interaction: Mapping[str, Any]) -> Iterator[str | Mapping[str, Any]]:
    """The text of a cloze with its gaps between the pieces; nothing for other types."""
    if "blanks" not in interaction:
        return
    blanks = {blank["id"]: blank for blank in interaction["blanks"]}
    for place, piece in enumerate(BLANK_MARK.split(interaction["text"])):
        yield blanks[piece] if place % 2 else piece


def _key(item: Item, words: Wording, *, seed: int, content: Mapping[str, Any]) -> KeyView:
    response = right_response(item, seed=seed, locale=words.locale)
    return KeyView(
        answer=list(_answer(response, _texts(content["interaction"]))),
        correct=words.say(item.feedback.correct),
        incorrect=words.say(item.feedback.incorrect),
        reasons=list(_reasons(item, words)),
        justification=[
            ("task", item.justification.task),
            ("autonomy", item.justification.autonomy),
            ("cognitive", item.justification.cognitive),
        ],
        facts=[f"{fact.statement} ({fact.source}; by {fact.review_by})" for fact in item.facts],
        outcomes=item.outcomes,
    )


def _texts(interaction: Mapping[str, Any]) -> dict[str, str]:
    """What labels stand for; those of gaps under the gap's own label as well."""
    found = {part["id"]: part["text"] for name in _LISTS for part in interaction.get(name, ())}
    for blank in interaction.get("blanks", ()):
        found |= {f"{blank['id']}/{part['id']}": part["text"] for part in blank["options"]}
    return found


def _answer(response: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The key in words: pairs of what is asked and what is right."""
    for name, value in response.items():
        if name == "type":
            continue
        if isinstance(value, Mapping):
            for left, right in value.items():
                said = texts.get(f"{left}/{right}", texts.get(str(right), _plain(right)))
                yield texts.get(left, left), said
        elif isinstance(value, list):
            for place, label in enumerate(value, start=1):
                yield str(place), texts.get(label, str(label))
        else:
            yield "", texts.get(str(value), _plain(value))


def _plain(value: object) -> str:
    """A number without what computing left behind its sixth decimal."""
    return str(round(value, 6)) if isinstance(value, float) else str(value)


def _reasons(item: Item, words: Wording) -> Iterator[tuple[str, str]]:
    for option in getattr(item.task.interaction, "options", ()):
        why: LocalisedText | None = option.why
        if why is not None:
            yield words.say(option.text), words.say(why)
