"""Every benchmark, briefly, and one table of the service's goals at the end: some twenty minutes.

    python -m benchmarks.run [--only NAME ...] [--goals FILE]

``docs/benchmarks.md`` says how to read them, and which commands gave the figures that stand there.
Each benchmark leaves its goals in FILE (default: one that is thrown away). A file that is there
already is added to, so that the long ones (``growth``, ``soak``) can be run by themselves before:

    PACNUM_BENCH_GOALS=FILE python -m benchmarks.growth
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from benchmarks.goals import FILE_VARIABLE, recorded
from benchmarks.service_goals import print_service_goals

ROOT = Path(__file__).resolve().parents[1]
RUNS = (
    ("psychometrics_step", "--brief"),
    ("peers", "--examinees", "100"),
    ("joint_step", "--tests", "300"),
    ("joint_profile", "--agents", "10"),
    ("exposure", "--tests", "300"),
    ("shadow_test", "--tests", "40", "--speed-tests", "3"),
    ("calibration", "--brief"),
    ("simulation", "--brief"),
    ("http_profiles", "--agents", "2"),
    ("answer_call",),
    ("whole_tests",),
    ("frame",),
    ("start",),
    ("replicas",),
    ("imports",),
    ("faults",),
    ("growth", "--rows", "10000", "1000000"),
    ("soak", "--minutes", "1"),
)


def run_one(name: str, arguments: tuple[str, ...], *, goals: Path) -> bool:
    """Whether it ended well; what it prints comes through."""
    print(f"\n=== benchmarks.{name} {' '.join(arguments)}".rstrip() + " ===", flush=True)
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", FILE_VARIABLE: str(goals)},
        check=False,
    )
    print(f"({time.monotonic() - started:.0f} s)", flush=True)
    return run.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    names = [name for name, *_ in RUNS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--goals", type=Path, help="file that gathers the goals, added to")
    given = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory(prefix="pacnum-goals-") as folder:
        goals = (given.goals or Path(folder) / "goals.jsonl").resolve()
        for name, *arguments in RUNS:
            if name not in given.only or find_spec(f"benchmarks.{name}") is None:
                continue
            if not run_one(name, tuple(arguments), goals=goals):
                failed.append(name)
        print_service_goals(recorded(goals))
    if failed:
        print(f"\nended with an error: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
