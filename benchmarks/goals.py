"""Goals beside figures, as every benchmark of the measurement prints them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One line: what was asked, what was found, and whether that is enough."""

    name: str
    wanted: str
    found: str
    is_met: bool

    def line(self) -> str:
        verdict = "met" if self.is_met else "MISSED"
        return f"{self.name:<58} {self.wanted:>18} {self.found:>18}  {verdict}"


def at_most(name: str, found: float, *, limit: float, form: str = ".3f") -> Goal:
    return Goal(name, f"<= {limit:{form}}", f"{found:{form}}", found <= limit)


def at_least(name: str, found: float, *, limit: float, form: str = ".3f") -> Goal:
    return Goal(name, f">= {limit:{form}}", f"{found:{form}}", found >= limit)


def within(name: str, found: float, *, low: float, high: float) -> Goal:
    return Goal(name, f"{low:.3f}-{high:.3f}", f"{found:.3f}", low <= found <= high)


def print_goals(goals: list[Goal]) -> None:
    print(f"\n{'goal':<58} {'wanted':>18} {'found':>18}")
    for goal in goals:
        print(goal.line())
