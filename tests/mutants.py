"""What mutation testing found, module by module, and the mutants that no test noticed.

``python -m tests.mutants`` reads what ``mutmut run`` left in ``mutants/``; ``make mutants`` does
both. A mutant that runs out of time counts as killed: the tests would not have ended.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SURVIVED, WITHOUT_TESTS = 0, 33


@dataclass(frozen=True)
class Found:
    """One module's mutants: how many were made, tried, and killed; the names of the others."""

    module: str
    made: int
    tried: int
    killed: int
    survived: tuple[str, ...]


def found_in(results: Path, *, name: str) -> Found:
    """Read the exit codes of the tests: None not tried, 33 no test calls the function."""
    codes: dict[str, int | None] = json.loads(results.read_text("utf-8"))["exit_code_by_key"]
    tried = {mutant: code for mutant, code in codes.items() if code is not None}
    survived = tuple(key for key, code in tried.items() if code in {SURVIVED, WITHOUT_TESTS})
    return Found(name, len(codes), len(tried), len(tried) - len(survived), survived)


def modules(folder: Path) -> Iterator[Found]:
    """Yield every mutated module under the folder that had something to mutate."""
    for results in sorted(folder.rglob("*.py.meta")):
        name = results.relative_to(folder).as_posix().removesuffix(".py.meta")
        found = found_in(results, name=name)
        if found.made:
            yield found


def main() -> None:
    tried = [one for one in modules(ROOT / "mutants/src/pacnum_api/psychometrics") if one.tried]
    for module in tried:
        for mutant in module.survived:
            print(f"mutmut show {mutant}")
    print(f"\n{'module':28s}  made  tried  killed  survived")
    for module in tried:
        counts = (
            f"{module.made:4d}  {module.tried:5d}  {module.killed:6d}  {len(module.survived):8d}"
        )
        print(f"{module.module:28s}  {counts}")


if __name__ == "__main__":
    main()
