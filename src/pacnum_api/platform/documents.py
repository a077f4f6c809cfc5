"""YAML documents whose every value knows its line.

The dialect is YAML 1.2's core schema, less its traps for people who write content: only ``true``
and ``false`` are booleans (``no`` is a word), dates stay text, ``01000`` stays text (it is a
postcode), ``12:30`` is not a number in base 60, and a repeated key is a fault.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import yaml
from pydantic import ValidationError
from yaml.composer import Composer

from pacnum_api.kernel.errors import DomainError, ErrorKind, FieldFault

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
Locator: TypeAlias = Callable[[str], int]
"""From a JSON pointer to the 1-based line of its value, or of its nearest ancestor."""


class DocumentUnreadable(Exception):
    """The file is not a document of this dialect; ``line`` is 1-based, 0 when there is none."""

    def __init__(self, path: Path, line: int, *, message: str) -> None:
        """Keep where and why."""
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One thing wrong in one file: what every loader prints and what ``--json`` gives."""

    path: Path
    line: int
    pointer: str
    message: str

    def __str__(self) -> str:
        """``file:line: /field: what is expected``, as compilers print it."""
        return f"{self.path}:{self.line}: {self.pointer or '/'}: {self.message}"


class DocumentsRefused(DomainError):
    """The documents have faults: nothing was loaded."""

    code = "documents_refused"
    kind = ErrorKind.INVALID_INPUT
    title = "Documents refused"

    def __init__(self, document_faults: Iterable[DocumentFault]) -> None:
        """Keep every fault of every file, in the order of files and lines."""
        self.document_faults = tuple(
            sorted(document_faults, key=lambda fault: (str(fault.path), fault.line, fault.pointer))
        )
        lines = "\n".join(str(fault) for fault in self.document_faults)
        super().__init__(f"{len(self.document_faults)} fault(s), nothing was loaded:\n{lines}")


def schema_faults(error: ValidationError, path: Path, *, locate: Locator) -> list[DocumentFault]:
    """Every fault that pydantic found in a document, with its line."""
    return located(
        [
            FieldFault("".join(f"/{escaped(str(part))}" for part in fault["loc"]), fault["msg"])
            for fault in error.errors(include_url=False)
        ],
        path,
        locate=locate,
    )


def located(faults: Iterable[FieldFault], path: Path, *, locate: Locator) -> list[DocumentFault]:
    """Faults of a policy, with the file and line of their values."""
    return [
        DocumentFault(path, locate(fault.pointer), fault.pointer, fault.message) for fault in faults
    ]


class _Composer(Composer):
    """Composes documents without aliases.

    An alias can nest a document in itself, or blow a few lines up to gigabytes.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        events = cast("yaml.SafeLoader", self)  # or the fast one: it is mixed into both
        if events.check_event(yaml.AliasEvent):
            mark = events.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stub leaves it bare
            raise yaml.MarkedYAMLError(problem="aliases are not used here", problem_mark=mark)
        return super().compose_node(parent, index)


class _Loader(_Composer, yaml.SafeLoader):
    """SafeLoader with the core schema's scalars only. Says best what is wrong with a text."""


class _FastLoader(_Composer, yaml.CSafeLoader):
    """The same on libyaml's events, at a fifth of the time.

    Composed in Python all the same: libyaml's composer takes aliases, and a text that is nested
    deeply enough takes its process down.
    """

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


_Loader.yaml_implicit_resolvers = _FastLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)(?:[eE][-+]?[0-9]+)?$",
        list("-+0123456789"),
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def load_yaml(path: Path) -> tuple[Value, Locator]:
    """Read one document and a way back from its values to its lines.

    Raises DocumentUnreadable when it cannot be read, is not UTF-8, is not YAML, repeats a key or
    has a key that is not text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentUnreadable(path, 0, message=error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(path, 0, message="expected UTF-8") from error
    return read_yaml(text, path)


def read_yaml(text: str, path: Path) -> tuple[Value, Locator]:
    """Like ``load_yaml``, from text already read; ``path`` names it in faults."""
    try:
        return _read(_FastLoader, text, path=path)
    except DocumentUnreadable:  # whatever it is, the other one says it better
        return _read(_Loader, text, path=path)


def _read(
    kind: type[_Loader] | type[_FastLoader], text: str, *, path: Path
) -> tuple[Value, Locator]:
    loader: _Loader | _FastLoader | None = None
    try:
        loader = kind(text)  # may read the whole text: a forbidden character is found here
        root = loader.get_single_node()
        if root is None:
            return None, lambda _pointer: 1
        lines = dict(_lines(root, "", path=path))
        data: Value = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DocumentUnreadable(path, line, message=error.problem or "expected YAML") from error
    except RecursionError as error:
        raise DocumentUnreadable(path, 0, message="nested too deeply") from error
    except yaml.YAMLError as error:  # a character that YAML forbids: no mark, its own message
        raise DocumentUnreadable(path, 0, message=str(error).split("\n", 1)[0]) from error
    finally:
        if loader is not None:
            loader.dispose()
    return data, lambda pointer: _nearest(lines, pointer)


def escaped(part: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1")


def _nearest(lines: dict[str, int], pointer: str) -> int:
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def _lines(node: yaml.Node, pointer: str, *, path: Path) -> Iterator[tuple[str, int]]:
    yield pointer, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _lines(child, f"{pointer}/{index}", path=path)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                raise DocumentUnreadable(
                    path, line, message="expected text as a key (put it in quotes)"
                )
            if key.value in seen:
                raise DocumentUnreadable(
                    path, line, message=f"the key {key.value!r} is there twice"
                )
            seen.add(key.value)
            yield from _lines(child, f"{pointer}/{escaped(key.value)}", path=path)
