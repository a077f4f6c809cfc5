"""How long a file and a function may be. Quality is lost in the tail, so the tail is cut."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Module

FUNCTION_LINES = 40
MODULE_LINES = {"src": 400, "tests": 500, "migrations": 400, "benchmarks": 400, "examples": 400}


HAS_NO_FUNCTION_LIMIT = frozenset({"migrations"})
"""A migration is a list of columns, read once from top to bottom; there is no logic to split."""


def oversized(module: Module) -> Iterator[str]:
    """Files and functions over the limits; decorators are not counted, everything else is."""
    limit = MODULE_LINES[module.parts[0]]
    length = len(module.text.splitlines())
    if length > limit:
        yield module.at(1, f"{length} lines; a module has {limit} at most")
    if module.parts[0] in HAS_NO_FUNCTION_LIMIT:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                message = f"{node.name} has {lines} lines; a function has {FUNCTION_LINES} at most"
                yield module.at(node.lineno, message)
