"""Every benchmark, briefly: some ten minutes.

``docs/benchmarks.md`` says how to read them, and which commands gave the figures that stand there.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = (
    ("benchmarks.psychometrics_step", "--brief"),
    ("benchmarks.peers", "--examinees", "100"),
    ("benchmarks.joint_step", "--tests", "300"),
    ("benchmarks.joint_profile", "--agents", "10"),
    ("benchmarks.exposure", "--tests", "300"),
    ("benchmarks.shadow_test", "--tests", "40", "--speed-tests", "3"),
    ("benchmarks.calibration", "--brief"),
    ("benchmarks.simulation", "--brief"),
    ("benchmarks.http_profiles", "--agents", "2"),
    ("benchmarks.answer_call",),
)


def main() -> int:
    failed = 0
    for module, *arguments in RUNS:
        print(f"\n=== {module} ===", flush=True)
        run = subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False)
        failed += run.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
