"""The one grammar of all domains: which files there are, and which may know which.

This table is the only place that says so; CONTRIBUTING explains it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import DOMAINS, PACKAGE, Import, Module

_ADAPTER = frozenset({"access", "service", "schemas", "types", "errors"})

MAY_IMPORT: dict[str, frozenset[str]] = {
    "__init__": frozenset(),
    "types": frozenset(),
    "errors": frozenset({"types"}),
    "policy": frozenset({"types", "errors"}),
    "models": frozenset({"types"}),
    "repository": frozenset({"models", "types", "errors"}),
    "schemas": frozenset({"types"}),
    "service": frozenset({"repository", "policy", "schemas", "models", "types", "errors"}),
    "access": frozenset({"service", "types"}),
    "endpoints": _ADAPTER,
    "tasks": _ADAPTER,
    "cli": _ADAPTER,
}
"""Each file of a domain, and the others of the same domain that it may import."""

VISIBLE = frozenset({"service", "types", "errors", "access"})
"""What other domains may import; by the package's own name, not by a module inside it."""

VISIBLE_BESIDES = {"schemas": frozenset({"service"})}
"""What a file may import from another domain though not from its own: a document that shows
another domain's document within it (a session shows an item) gets its shape from that service."""

SQL_UNITS = frozenset({"models", "repository"})
SQL_PACKAGES = frozenset({"sqlalchemy", "asyncpg"})


def misplaced(folder: Path) -> Iterator[str]:
    """What lies in a domain's folder and is not one of its files."""
    entries = {entry for entry in folder.iterdir() if entry.name != "__pycache__"}
    if folder / "__init__.py" not in entries:
        yield f"{folder}: has no __init__.py to say its purpose, vocabulary and invariants"
    for entry in sorted(entries):
        known = entry.stem in MAY_IMPORT and (entry.is_dir() or entry.suffix == ".py")
        if not known:
            yield f"{entry}: a domain has no such file (known: {', '.join(MAY_IMPORT)})"
        if entry.is_dir() and (folder / f"{entry.name}.py").exists():
            yield f"{entry}: stands beside a module of the same name"


def not_only_a_docstring(module: Module) -> Iterator[str]:
    """A domain's ``__init__`` says what the domain is about, and does nothing."""
    if module.unit != "__init__":
        return
    if not ast.get_docstring(module.tree):
        yield module.at(1, "expected purpose, vocabulary and invariants")
    if len(module.tree.body) > 1:
        yield module.at(module.tree.body[1].lineno, "expected a docstring and nothing else")


def unlawful_imports(module: Module) -> Iterator[str]:
    """Imports that the table does not allow, inside the domain and across domains."""
    own, unit = module.domain, module.unit
    if own is None or unit not in MAY_IMPORT:
        return
    for one in module.imports():
        if one.level:
            yield module.at(one.line, "relative import: say the whole name")
            continue
        top = one.module.split(".", 1)[0]
        if top in SQL_PACKAGES and unit not in SQL_UNITS:
            yield module.at(one.line, f"{unit} imports {top}: every query is in the repository")
        problem = _problem(one, own, unit)
        if problem:
            yield module.at(one.line, problem)


def _problem(one: Import, own: str, unit: str) -> str | None:
    target = _target(one)
    if target is None:
        return None
    domain, there, is_inside = target
    if there not in MAY_IMPORT:
        return f"names {domain!r} whole or a file it has not: import one of its files"
    if domain == own:
        return None if there == unit or there in MAY_IMPORT[unit] else f"{unit} imports {there}"
    if there not in VISIBLE:
        return f"{there} of {domain} is its own business (visible: {', '.join(sorted(VISIBLE))})"
    if is_inside:
        return f"reaches inside {there} of {domain}: import from the package itself"
    allowed = MAY_IMPORT[unit] | VISIBLE_BESIDES.get(unit, frozenset()) | {unit}
    if there not in allowed:
        return f"{unit} imports {there} (of {domain})"
    return None


def _target(one: Import) -> tuple[str, str, bool] | None:
    """Domain, file, and whether a module inside that file's package is named; None if elsewhere."""
    prefix = (PACKAGE, *DOMAINS[2:])
    path = tuple(one.module.split("."))
    if path[: len(prefix)] != prefix:
        return None
    rest = path[len(prefix) :]
    if len(rest) < 2 and one.name is not None:
        rest = (*rest, one.name)
    domain, there = (*rest, "", "")[:2]
    return domain, there, len(rest) > 2
