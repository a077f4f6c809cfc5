"""YAML documents whose every value knows its line.

The dialect is YAML 1.2's core schema, less its traps for people who write content: only ``true``
and ``false`` are booleans (``no`` is a word), dates stay text, ``01000`` stays text (it is a
postcode), ``12:30`` is not a number in base 60, and a repeated key is a fault.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

Value: TypeAlias = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Locator: TypeAlias = Callable[[str], int]
"""From a JSON pointer to the 1-based line of its value, or of its nearest ancestor."""


class DocumentUnreadable(Exception):
    """The file is not a document of this dialect; ``line`` is 1-based, 0 when there is none."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        """Keep where and why."""
        super().__init__(path, line, message)
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


class _Loader(yaml.SafeLoader):
    """SafeLoader with the core schema's scalars only."""


_Loader.yaml_implicit_resolvers = {}
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
        raise DocumentUnreadable(path, 0, error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(path, 0, "expected UTF-8") from error
    return read_yaml(text, path)


def read_yaml(text: str, path: Path) -> tuple[Value, Locator]:
    """Like ``load_yaml``, from text already read; ``path`` names it in faults."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None, lambda _pointer: 1
        lines = dict(_lines(root, "", path))
        data: Value = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DocumentUnreadable(path, line, error.problem or "expected YAML") from error
    except yaml.YAMLError as error:  # a character that YAML forbids: no mark, its own message
        raise DocumentUnreadable(path, 0, str(error).split("\n", 1)[0]) from error
    finally:
        loader.dispose()
    return data, lambda pointer: _nearest(lines, pointer)


def escaped(part: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1")


def _nearest(lines: dict[str, int], pointer: str) -> int:
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def _lines(node: yaml.Node, pointer: str, path: Path) -> Iterator[tuple[str, int]]:
    yield pointer, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _lines(child, f"{pointer}/{index}", path)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                raise DocumentUnreadable(path, line, "expected text as a key (put it in quotes)")
            if key.value in seen:
                raise DocumentUnreadable(path, line, f"the key {key.value!r} is there twice")
            seen.add(key.value)
            yield from _lines(child, f"{pointer}/{escaped(key.value)}", path)
