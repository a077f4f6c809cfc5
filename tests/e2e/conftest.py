"""A database of its own for a service that is a process."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.databases import clone_database, drop_database, with_database


@pytest.fixture(scope="module")
def served_database_url(server_url: str, template_database: str) -> Iterator[str]:
    name = f"pacnum_served_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=template_database)
    yield with_database(server_url, name)
    drop_database(server_url, name)
