"""Databases that hold every table and no content: migrated once a run, then cloned."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from pacnum_api.platform import migrations
from tests.support.databases import clone_database, drop_database, with_database


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    """The name of a database at the last revision."""
    name = f"pacnum_migrated_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=None)
    migrations.upgrade(with_database(server_url, name))
    yield name
    drop_database(server_url, name)


@pytest.fixture
def migrated(server_url: str, migrated_template: str) -> Iterator[str]:
    """A database of one test, at the last revision, without rows."""
    name = f"pacnum_migrated_{uuid4().hex[:12]}"
    clone_database(server_url, name, template=migrated_template)
    yield with_database(server_url, name)
    drop_database(server_url, name)
