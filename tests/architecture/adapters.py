"""An endpoint declares, calls one service function, and returns."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Module

STATEMENTS = 8
METHODS = frozenset({"get", "post", "put", "patch", "delete", "api_route"})
BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith,
    ast.Match, ast.IfExp, ast.BoolOp, ast.Raise, ast.Assert, ast.comprehension,
)  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def endpoints(module: Module) -> Iterator[Function]:
    """The functions that a router serves."""
    if module.unit != "endpoints":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [one.func for one in node.decorator_list if isinstance(one, ast.Call)]
            if any(isinstance(call, ast.Attribute) and call.attr in METHODS for call in calls):
                yield node


def overgrown_endpoints(module: Module) -> Iterator[str]:
    """Endpoints that decide something, or that call the service more or less than once.

    What a service exports may also be called without waiting (an ETag, say): that is reading, not
    a second step. The only choice an endpoint has is which of two statuses tells what was done.
    """
    for function in endpoints(module):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        nodes = [node for statement in body for node in ast.walk(statement)]
        count = sum(isinstance(node, ast.stmt) for node in nodes)
        if count > STATEMENTS:
            yield module.at(function.lineno, f"{function.name}: {count} statements")
        allowed = {id(value) for statement in body for value in _chosen_status(statement)}
        for node in nodes:
            if isinstance(node, BRANCHES) and id(node) not in allowed:
                kind = type(node).__name__
                yield module.at(function.lineno, f"{function.name}: {kind} belongs in the service")
        yield from _calls(module, function, nodes)


def _calls(module: Module, function: Function, nodes: list[ast.AST]) -> Iterator[str]:
    awaited = [node.value for node in nodes if isinstance(node, ast.Await)]
    called = [node for node in nodes if isinstance(node, ast.Call) and _is_service(node)]
    if not called:
        yield module.at(function.lineno, f"{function.name}: calls no service")
    if len(awaited) > 1 or not all(_is_service(one) for one in awaited):
        message = f"{function.name}: waits for more than one service function"
        yield module.at(function.lineno, message)


def _is_service(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "service"
    )


def _chosen_status(statement: ast.stmt) -> Iterator[ast.expr]:
    """``response.status_code = 201 if is_new else 200``: its choice."""
    if (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.IfExp)
        and isinstance(statement.targets[0], ast.Attribute)
        and statement.targets[0].attr == "status_code"
    ):
        yield statement.value
