"""Small habits that cost much later: hidden imports, hidden clocks, hidden commits."""

import ast
import sys
from collections.abc import Iterator

from tests.architecture.source import PACKAGE, Module

IMPURE_MODULES = frozenset({
    "asyncio", "datetime.now", "io.open", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time",
    "uuid.uuid1", "uuid.uuid4",
})  # fmt: skip
"""Standard modules by which a clock, chance or the outside would come into a pure function."""

CLOCKS = frozenset({"now", "utcnow", "today"})
IMPURE_CALLS = frozenset({"open", "print", "input", "new_id", "utc_now"})
MAKERS_OF_CHANCE = frozenset({"default_rng", "seed", "RandomState"})
ALLOWED_PACKAGES = {
    "psychometrics": frozenset({"numpy", "scipy"}),
    "kernel": frozenset(),
}
COMMITS_IN = "src/pacnum_api/platform/database.py"


def hidden_imports(module: Module) -> Iterator[str]:
    """Imports inside functions (the command line's lazy ones aside) and TYPE_CHECKING."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute) and _name(node) == "TYPE_CHECKING":
            yield module.at(node.lineno, "TYPE_CHECKING: a circle is redrawn, not hidden")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_command_line(module):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield module.at(inner.lineno, f"import inside {node.name}")


def is_command_line(module: Module) -> bool:
    """Commands import late, so that ``--help`` does not wait for numpy and SQLAlchemy."""
    return module.unit == "cli" or module.parts[2:4] == ("entrypoints", "cli")


def is_pure(module: Module) -> bool:
    """Whether the same arguments must give the same result, here and in a year."""
    return module.unit == "policy" or module.parts[2:3] == ("psychometrics",)


def impurities(module: Module) -> Iterator[str]:
    """Clocks, chance and input or output in what must be pure: they are arguments there."""
    if not is_pure(module):
        return
    for one in module.imports():
        if {one.module, one.module.split(".", 1)[0], f"{one.module}.{one.name}"} & IMPURE_MODULES:
            yield module.at(one.line, f"imports {one.module}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            is_method = isinstance(node.func, ast.Attribute)
            if (is_method and name in CLOCKS | MAKERS_OF_CHANCE) or (
                not is_method and name in IMPURE_CALLS | MAKERS_OF_CHANCE
            ):
                yield module.at(node.lineno, f"calls {name}: it must be an argument")


def foreign_packages(module: Module) -> Iterator[str]:
    """What psychometrics and kernel import beyond their own short lists."""
    layer = module.parts[2] if module.parts[:2] == ("src", PACKAGE) else ""
    if layer not in ALLOWED_PACKAGES:
        return
    for one in module.imports():
        top = one.module.split(".", 1)[0]
        is_own = one.module.startswith(f"{PACKAGE}.{layer}") or one.module == PACKAGE
        if not (is_own or top in sys.stdlib_module_names or top in ALLOWED_PACKAGES[layer]):
            yield module.at(one.line, f"{layer} imports {one.module}")


def transport_in_domains(module: Module) -> Iterator[str]:
    """Status codes by exception: a domain raises facts, ``platform/problems.py`` knows codes."""
    if module.domain is None:
        return
    for node in ast.walk(module.tree):
        named = _name(node) if isinstance(node, ast.Name | ast.Attribute) else None
        if named == "HTTPException" or (
            isinstance(node, ast.ImportFrom) and any(a.name == "HTTPException" for a in node.names)
        ):
            line = node.lineno if isinstance(node, ast.expr | ast.stmt) else 1
            yield module.at(line, "HTTPException: raise a DomainError")


def commits(module: Module) -> Iterator[str]:
    """Commits away from the edge, by method or by statement."""
    if module.path == COMMITS_IN:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _name(node.func) == "commit":
            yield module.at(node.lineno, "commit: the edge commits, nobody else")
        elif isinstance(node, ast.Constant) and _is_commit(node.value):
            yield module.at(node.lineno, "COMMIT: the edge commits, nobody else")


def _is_commit(value: object) -> bool:
    return isinstance(value, str) and value.strip().rstrip(";").upper() == "COMMIT"


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
