"""``pacnum db`` as an operator brings a database up, looks at it and takes it back."""

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from pacnum_api.entrypoints.cli import app
from pacnum_api.platform import migrations
from pacnum_api.platform.settings import get_settings

Db = Callable[..., Result]


@pytest.fixture
def db(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    """``db …`` as the owner of an empty database; the service's own address leads nowhere."""
    monkeypatch.setenv("PACNUM_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("PACNUM_DATABASE_OWNER_URL", empty_database_url)
    get_settings.cache_clear()
    runner = CliRunner()
    yield lambda *words: runner.invoke(app, ["db", *words])
    get_settings.cache_clear()


def test_up_and_down_again(db: Db) -> None:
    head = migrations.head_revision()
    assert db("current").stdout == "empty\n"
    behind = db("check")
    assert (behind.exit_code, behind.stdout) == (1, f"database: empty, needed: {head}\n")

    assert db("upgrade", "0002").exit_code == 0
    assert db("current").stdout == "0002\n"
    assert db("check").exit_code == 1

    assert db("upgrade").exit_code == 0
    up = db("check")
    assert (up.exit_code, up.stdout) == (0, f"database: {head}, needed: {head}\n")

    assert db("downgrade", "0001").exit_code == 0
    assert db("current").stdout == "0001\n"


def test_a_revision_must_be_named_to_go_back(db: Db) -> None:
    assert db("downgrade").exit_code == 2
