"""Tables of expected values, as files with their source on top."""

import csv
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def golden_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table; lines that begin with # are its source."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def categories(pattern: str) -> list[int]:
    """Return the category of each item from a pattern such as 01101."""
    return [int(category) for category in pattern]
