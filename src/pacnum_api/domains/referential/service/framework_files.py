"""Frameworks straight from a file, for commands that need no database."""

from pathlib import Path

from pacnum_api.domains.referential.schemas import FrameworkDocument
from pacnum_api.domains.referential.types import Framework
from pacnum_api.platform.documents import load_yaml


def read_framework_file(path: Path) -> Framework:
    """Read one framework. Raises DocumentUnreadable; ValidationError when it is none."""
    data, _ = load_yaml(path)
    return FrameworkDocument.model_validate(data).read()
