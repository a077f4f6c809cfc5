"""Answers in files, so that an operator can pool what several installations have gathered.

CSV with a header, or one JSON object a line (``.jsonl``, ``.ndjson``). Columns: ``person``,
``item`` (the author's key), ``category`` (the score, whole steps from 0 up), and if need be
``group`` and ``wording``; others are not looked at. A person is one within a file. Without a
wording the answer is taken to be to the present one.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pacnum_api.domains.test_sessions.policy.calibration.answers import (
    AnswerTable,
    CountedAnswer,
    Source,
    Tally,
)
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused

COLUMNS = ("person", "item", "category")
_LONGEST_NAME = 200
_JSON_LINES = frozenset({".jsonl", ".ndjson"})

Record = tuple[int, Mapping[str, Any]]
"""A line's number, from 1, and its members."""


@dataclass(frozen=True, slots=True)
class ItemNames:
    """What names the items of a bank, by index: authors' ``keys`` and ``wordings``;
    ``categories``: number of scores each can give.
    """

    keys: Sequence[str]
    wordings: Sequence[str]
    categories: Sequence[int]


def read_answer_files(
    paths: Iterable[Path], names: ItemNames, *, groups: Mapping[str, str]
) -> list[Source]:
    """The answers of each file. ``groups`` by person, besides those that the files tell.

    Raises DocumentsRefused with every fault of every file, by line and field.
    """
    readings = [_Reading(path, names, dict(groups)) for path in paths]
    for reading in readings:
        reading.read()
    faults = [fault for reading in readings for fault in reading.faults]
    if faults:
        raise DocumentsRefused(faults)
    return [reading.source() for reading in readings]


def read_groups(path: Path) -> dict[str, str]:
    """Who belongs to which group, from a CSV or JSON lines file with ``person`` and ``group``.

    Raises DocumentsRefused.
    """
    faults: list[DocumentFault] = []
    groups: dict[str, str] = {}
    for line, record in _records(path, ("person", "group"), faults=faults):
        person, group = record.get("person"), record.get("group")
        found = [
            DocumentFault(path, line, f"/{field}", _NAME_EXPECTED)
            for field, value in (("person", person), ("group", group))
            if not _is_name(value)
        ]
        if not found and groups.setdefault(str(person), str(group)) != group:
            found = [DocumentFault(path, line, "/group", "this person is in another group above")]
        faults += found
    if faults:
        raise DocumentsRefused(faults)
    return groups


def read_text(path: Path) -> str:
    """A small file of text. Raises DocumentsRefused when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentsRefused([_unreadable(path, error)]) from error


def write_answers(path: Path, table: AnswerTable, *, names: ItemNames, key: bytes) -> None:
    """Write the answers of a table for somebody else to calibrate with.

    Persons get names of a hash under ``key``, in whose order they stand: who does not have the key
    cannot tell whose answers they are, nor when they came. The key is the caller's to make anew and
    to forget.
    """
    pseudonyms = [
        hashlib.blake2b(name.encode(), key=key, digest_size=12).hexdigest()
        for name in table.persons
    ]
    columns = (*COLUMNS, "wording", *(("group",) if table.groups else ()))
    order = sorted(range(len(table)), key=lambda row: (pseudonyms[table.person[row]], row))
    rows = (
        dict(zip(columns, _written(table, row, names=names, pseudonyms=pseudonyms), strict=True))
        for row in order
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix in _JSON_LINES:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _written(
    table: AnswerTable, row: int, *, names: ItemNames, pseudonyms: Sequence[str]
) -> list[str | int | None]:
    person, item = int(table.person[row]), int(table.item[row])
    group = int(table.group[person])
    told = [table.groups[group] if group >= 0 else None] if table.groups else []
    return [
        pseudonyms[person],
        names.keys[item],
        int(table.category[row]),
        names.wordings[item],
        *told,
    ]


_NAME_EXPECTED = f"expected text of 1 to {_LONGEST_NAME} characters"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_NAME


@dataclass(slots=True)
class _Reading:
    path: Path
    names: ItemNames
    groups: dict[str, str]
    faults: list[DocumentFault] = field(default_factory=list)
    answers: list[CountedAnswer] = field(default_factory=list)
    _other_wordings: int = 0
    _line_of: dict[tuple[str, int], int] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """Take every line; faults are kept, not raised."""
        by_key = {key: index for index, key in enumerate(self.names.keys)}
        by_wording = {name: index for index, name in enumerate(self.names.wordings)}
        for line, record in _records(self.path, COLUMNS, faults=self.faults):
            before = len(self.faults)
            person = record.get("person")
            if not _is_name(person):
                self._fault(line, "person", message=_NAME_EXPECTED)
            wording = record.get("wording") or None
            if wording is not None and wording not in by_wording:
                self._other_wordings += 1
                continue
            index = by_key.get(str(record.get("item")))
            if index is None:
                self._fault(line, "item", message="expected the key of an item of the bank")
            elif wording is not None and by_wording[wording] != index:
                self._fault(line, "wording", message="this is the wording of another item")
            if index is None or len(self.faults) > before:
                continue
            self._take(line, record, index=index)

    def _take(self, line: int, record: Mapping[str, Any], *, index: int) -> None:
        person = record["person"]
        category = _category(record.get("category"))
        count = self.names.categories[index]
        if category is None or not 0 <= category < count:
            self._fault(line, "category", message=f"expected a whole number from 0 to {count - 1}")
            return
        known = self._line_of.setdefault((person, index), line)
        if known != line:
            self._fault(
                line, "item", message=f"this person has answered it before, on line {known}"
            )
            return
        self._take_group(line, person, group=record.get("group") or None)
        self.answers.append(CountedAnswer(person, index, category))

    def _take_group(self, line: int, person: str, *, group: object) -> None:
        if group is None:
            return
        if not _is_name(group):
            self._fault(line, "group", message=_NAME_EXPECTED)
        elif self._told.setdefault(person, str(group)) != group:
            self._fault(line, "group", message="this person is in another group above")

    def _fault(self, line: int, name: str, *, message: str) -> None:
        self.faults.append(DocumentFault(self.path, line, f"/{name}", message))

    def source(self) -> Source:
        return Source(
            self.answers,
            self.groups | self._told,
            Tally(
                read=len(self.answers) + self._other_wordings, other_wordings=self._other_wordings
            ),
        )


def _category(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    is_digits = isinstance(value, str) and value.strip().isascii() and value.strip().isdigit()
    return int(str(value)) if is_digits else None


def _records(path: Path, needed: Sequence[str], *, faults: list[DocumentFault]) -> Iterator[Record]:
    """Every line of a file that has the form of one; what has not is a fault."""
    readers: dict[str, Callable[[IO[str]], Iterator[Record | DocumentFault]]] = {
        ".csv": lambda file: _csv_records(file, path, needed=needed),
        **dict.fromkeys(_JSON_LINES, lambda file: _json_records(file, path)),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        faults.append(DocumentFault(path, 0, "", "expected a .csv or .jsonl file"))
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for one in reader(file):
                if isinstance(one, DocumentFault):
                    faults.append(one)
                else:
                    yield one
    except (OSError, UnicodeDecodeError) as error:
        faults.append(_unreadable(path, error))


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> DocumentFault:
    if isinstance(error, OSError):
        return DocumentFault(path, 0, "", error.strerror or "cannot be read")
    return DocumentFault(path, 0, "", "expected UTF-8")


def _csv_records(
    file: IO[str], path: Path, *, needed: Sequence[str]
) -> Iterator[Record | DocumentFault]:
    reader = csv.DictReader(file, strict=True)
    try:
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            yield DocumentFault(path, 1, "", f"expected the columns {', '.join(needed)}")
            return
        for record in reader:
            if None in record or None in record.values():
                message = f"expected {len(reader.fieldnames or ())} values"
                yield DocumentFault(path, reader.line_num, "", message)
            else:
                yield reader.line_num, record
    except csv.Error as error:
        yield DocumentFault(path, reader.line_num, "", str(error))


def _json_records(file: IO[str], path: Path) -> Iterator[Record | DocumentFault]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            yield line, record
        else:
            yield DocumentFault(path, line, "", "expected one JSON object")
