"""The usual YAML document, read from libyaml's events: values and their lines in one pass.

Several times faster than composing nodes in Python. Whatever is not usual (aliases, tags, repeated
or strange keys, several documents, deep nesting, anything that libyaml refuses) is left to the
slower reader, which says best what is wrong. Events and no nodes: libyaml's composer is recursive
in C, and a deep document would end the process.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

DEEPEST: Final = 100
Resolvers = Mapping[str, Sequence[tuple[str, "re.Pattern[str]"]]]
"""By first character: tags of plain scalars, and what each has to look like."""

_MAKERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:bool": lambda value: value.lower() == "true",
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}


class NotUsual(Exception):
    """The slower reader has to look at it."""


@dataclass(slots=True)
class _Open:
    """A list or object that has begun; ``key`` is that of the value to come."""

    into: list[Any] | dict[str, Any]
    pointer: str
    key: str | None = None


class _Assembly:
    """A document as it grows, and the 1-based line of each value by its JSON pointer."""

    def __init__(self, resolvers: Resolvers) -> None:
        self.root: Any = None
        self.lines: dict[str, int] = {}
        self._resolvers = resolvers
        self._open: list[_Open] = []

    def take(self, event: yaml.Event) -> None:
        """Go on by one event. Raises NotUsual, or ValueError for a number out of bounds."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            if self.lines or event.version or event.tags:
                raise NotUsual
        elif isinstance(event, yaml.AliasEvent):
            raise NotUsual

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            raise NotUsual
        is_plain, text = event.implicit[0], event.value
        value = self._resolved(text) if is_plain else text
        place = self._open[-1] if self._open else None
        if place is None or isinstance(place.into, list) or place.key is not None:
            self._put(value, _line(event))
            return
        if not isinstance(value, str) or value in place.into:
            raise NotUsual
        place.key = value

    def _resolved(self, text: str) -> Any:
        for tag, pattern in self._resolvers.get(text[:1], ()):
            if pattern.match(text):
                return _MAKERS[tag](text)
        return text

    def _begin(self, event: "yaml.SequenceStartEvent | yaml.MappingStartEvent") -> None:
        if event.tag is not None or len(self._open) == DEEPEST:
            raise NotUsual
        into: list[Any] | dict[str, Any] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._open.append(_Open(into, self._put(into, _line(event))))

    def _put(self, value: Any, line: int) -> str:
        """Put a value where it belongs; its pointer."""
        pointer = ""
        if self._open:
            place = self._open[-1]
            if isinstance(place.into, list):
                pointer = f"{place.pointer}/{len(place.into)}"
                place.into.append(value)
            elif place.key is None:
                raise NotUsual  # a list or an object as a key
            else:
                pointer = f"{place.pointer}/{escaped(place.key)}"
                place.into[place.key] = value
                place.key = None
        else:
            self.root = value
        self.lines[pointer] = line
        return pointer


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None  # noqa: S101 - every event of a text has one
    return int(event.start_mark.line) + 1


def read_usual(text: str, resolvers: Resolvers) -> tuple[Any, dict[str, int]]:
    """The one document of a text (None if there is none) and the lines of its values.

    Raises NotUsual.
    """
    assembly = _Assembly(resolvers)
    try:
        for event in _events(text):
            assembly.take(event)
    except (yaml.YAMLError, ValueError) as error:
        raise NotUsual from error
    return assembly.root, assembly.lines


def _events(text: str) -> Iterator[yaml.Event]:
    if not yaml.__with_libyaml__:
        raise NotUsual
    return yaml.parse(text, Loader=yaml.CBaseLoader)


def escaped(part: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1")
