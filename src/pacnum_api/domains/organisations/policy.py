"""What a file of agents has to look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = ("issuer", "value", "locale")
USUAL_LOCALE: Final = "fr"

EXPECTED: Final = {
    "issuer": "expected 1 to 100 letters, digits and . _ : - (first a letter or digit)",
    "value": "expected 1 to 200 letters, digits and . _ : @ + -",
    "locale": "expected fr or en",
}
"""What each field of a line has to be, as the schema of agents has it."""

UNKNOWN_FIELD: Final = "expected no field but issuer, value and locale"
NOT_AN_OBJECT: Final = "expected one JSON object"


@dataclass(frozen=True, slots=True)
class Header:
    """What a CSV file's first line says: the separator, and in which order the columns come."""

    separator: str
    columns: tuple[str, ...]

    def agents(self, rows: Sequence[Sequence[str]]) -> list[tuple[str, str, str]]:
        """Issuer, value and locale of rows of as many cells; an empty locale is the usual one."""
        issuer, value = self.columns.index("issuer"), self.columns.index("value")
        if "locale" not in self.columns:
            return [(row[issuer], row[value], USUAL_LOCALE) for row in rows]
        locale = self.columns.index("locale")
        return [(row[issuer], row[value], row[locale] or USUAL_LOCALE) for row in rows]


def separator_of(first_line: str) -> str:
    """``;`` where the header has one, as spreadsheets write it in French; else ``,``."""
    return ";" if ";" in first_line else ","


def header_faults(cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What is wrong with the names of the columns: (field, message) of each fault."""
    faults = [
        (name, f"expected a column {name}") for name in ("issuer", "value") if name not in cells
    ]
    if any(cell not in COLUMNS for cell in cells):
        faults.append(("", "expected no columns but issuer, value and locale"))
    if len(set(cells)) < len(cells):
        faults.append(("", "expected each column once"))
    return tuple(faults)


def expectation(location: Sequence[object]) -> tuple[str, str]:
    """Field and message of a fault of the schema, from its place in the line.

    A field that nobody asked for is not named: its name may be anything.
    """
    if not location:
        return "", NOT_AN_OBJECT
    step = location[0]
    name = COLUMNS[step] if isinstance(step, int) else str(step)
    return (name, EXPECTED[name]) if name in EXPECTED else ("", UNKNOWN_FIELD)
