"""The source tree as data: every module with its place, its text and its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "pacnum_api"
DOMAINS = ("src", PACKAGE, "domains")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, or one name taken from it."""

    line: int
    module: str
    name: str | None
    level: int


@dataclass(frozen=True, slots=True)
class Module:
    """A file of Python; ``path`` is relative to the repository, with slashes."""

    path: str
    text: str
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.removesuffix(".py").split("/"))

    @property
    def domain(self) -> str | None:
        """The domain it belongs to, if any."""
        parts = self.parts
        return parts[3] if parts[:3] == DOMAINS and len(parts) > 4 else None

    @property
    def unit(self) -> str | None:
        """Which of a domain's files it is, or is a part of: ``service/banks`` is ``service``."""
        return self.parts[4] if self.domain else None

    def imports(self) -> Iterator[Import]:
        """Every import, wherever it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, alias.name, None, 0) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield Import(node.lineno, node.module or "", alias.name, node.level)

    def at(self, line: int, message: str) -> str:
        """An offence, in the form that editors can follow."""
        return f"{self.path}:{line}: {message}"


def parse(path: str, text: str) -> Module:
    """A module from its text, wherever that comes from."""
    return Module(path, text, ast.parse(text, path))


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module below these folders of the repository."""
    return tuple(
        parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
