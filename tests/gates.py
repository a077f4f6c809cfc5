"""Every gate of the house: ``python -m tests.gates`` (``make check``).

One line a gate, two gates at a time; what a failing one has printed follows. The exit code is 1 if
any has failed. Names given as arguments run those alone; ``--fast`` runs those that need neither
a database nor the application (the pre-commit hooks do).
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2
PYTEST = ("-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider")
BARE = ("--noconftest", "-p", "no:schemathesis", "-p", "no:hypothesispytest")
"""For what reads files alone: neither the application nor the slower plugins are loaded."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A command that succeeds when all is well; ``is_fast`` if a commit may wait for it."""

    name: str
    command: tuple[str, ...]
    is_fast: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a gate."""

    gate: Gate
    is_passed: bool
    seconds: float
    output: str

    def line(self) -> str:
        verdict = "ok" if self.is_passed else "FAILED"
        return f"{self.gate.name:<14} {verdict:<7} {self.seconds:6.1f} s"


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    """A program of this very environment."""
    return (str(Path(sys.executable).with_name(name)), *arguments)


def tests(*arguments: str) -> tuple[str, ...]:
    """Tests that are a gate too."""
    return (sys.executable, *PYTEST, *arguments)


def bare_tests(name: str) -> tuple[str, ...]:
    """The same, of ``tests/architecture``."""
    return tests(*BARE, f"tests/architecture/test_{name}.py")


GATES = (
    # the slow ones first: with two at a time the rest fits beside them
    Gate("migrations", tests("tests/migrations")),
    Gate("types", tool("mypy")),
    Gate("openapi", tests("tests/contract/test_openapi_document.py")),
    Gate("tables", bare_tests("tables")),
    Gate("content", bare_tests("content")),
    # facts are held against the day the bank was last read as a whole: a checkout passes on any day
    Gate("bank", tool("pacnum", "bank", "lint", "--no-doubts", "--today", "2026-11-25")),
    Gate("grammar", bare_tests("grammar"), is_fast=True),
    Gate("habits", bare_tests("habits"), is_fast=True),
    Gate("limits", bare_tests("limits"), is_fast=True),
    Gate("locks", bare_tests("locks"), is_fast=True),
    Gate("format", tool("ruff", "format", "--check", "--quiet", "."), is_fast=True),
    Gate("lint", tool("ruff", "check", "--quiet", "--output-format", "concise", "."), is_fast=True),
    Gate("imports", tool("lint-imports", "--no-cache"), is_fast=True),
    Gate("dependencies", tool("deptry", "--no-ansi", "."), is_fast=True),
)


def run(gate: Gate) -> Outcome:
    """Run one gate to its end."""
    began = time.monotonic()
    done = subprocess.run(
        gate.command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return Outcome(gate, done.returncode == 0, time.monotonic() - began, done.stdout)


def run_all(gates: Sequence[Gate]) -> int:
    """Run gates, say of each what became of it, and return the exit code."""
    began = time.monotonic()
    failed: list[Outcome] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(run, gates):
            print(outcome.line(), flush=True)
            if not outcome.is_passed:
                failed.append(outcome)
    for outcome in failed:
        print(f"\n--- {outcome.gate.name}: {' '.join(outcome.gate.command)}\n{outcome.output}")
    verdict = f"{len(failed)} of {len(gates)} gates failed" if failed else "all gates passed"
    print(f"{verdict} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def chosen(names: Sequence[str], *, is_fast: bool) -> list[Gate]:
    """The gates of these names, or all; unknown names are faults."""
    unknown = set(names) - {gate.name for gate in GATES}
    if unknown:
        raise SystemExit(f"no such gate: {', '.join(sorted(unknown))}")
    return [
        gate
        for gate in GATES
        if (not names or gate.name in names) and (gate.is_fast or not is_fast)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.gates", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GATE")
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args()
    raise SystemExit(run_all(chosen(options.names, is_fast=options.fast)))
