"""Which migration this version of the product needs, without the machinery that runs migrations."""

from functools import lru_cache
from pathlib import Path


def scripts_folder() -> Path:
    """The folder of the scripts: beside ``src`` in a checkout, inside the package in a wheel."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_migrations" / "migrations"
    return packaged if packaged.is_dir() else package.parents[1] / "migrations"


@lru_cache(maxsize=1)
def head_revision() -> str:
    """The revision that this version of the product needs.

    A script is named by its revision, four digits, and they follow each other in one line, so the
    last file is the head: asking Alembic would cost each process its import.
    """
    names = sorted(one.name for one in (scripts_folder() / "versions").glob("[0-9]*_*.py"))
    if not names:
        raise RuntimeError("this installation has no migrations")
    return names[-1].partition("_")[0]
