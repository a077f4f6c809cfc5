"""Every benchmark, briefly: two to three minutes. ``docs/benchmarks.md`` says how to read them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = (("benchmarks.psychometrics_step", "--brief"), ("benchmarks.answer_call",))


def main() -> int:
    failed = 0
    for module, *arguments in RUNS:
        print(f"\n=== {module} ===", flush=True)
        run = subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False)
        failed += run.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
