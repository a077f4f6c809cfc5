"""The operator's commands, as scripts use them."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner, Result

from pacnum_api.domains.clients.cli import app
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.settings import get_settings

Pacnum = Callable[..., Result]
KNOWN = "SELECT count(*) FROM signing_keys WHERE kid = ANY($1)"


@pytest.fixture
def clients(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pacnum]:
    """``pacnum clients …`` against a database of its own."""
    monkeypatch.setenv("PACNUM_DATABASE_URL", own_database_url)
    get_settings.cache_clear()
    runner = CliRunner()
    yield lambda *words: runner.invoke(app, [str(word) for word in words])
    get_settings.cache_clear()


@pytest.fixture
def count(own_database_url: str) -> Callable[..., int]:
    async def ask(query: str, names: tuple[str, ...]) -> int:
        connection = await asyncpg.connect(own_database_url)
        try:
            return int(await connection.fetchval(query, names))
        finally:
            await connection.close()

    return lambda query, *names: asyncio.run(ask(query, names))


def tenant_name() -> str:
    return f"tenant-{uuid4()}"


def test_create_shows_the_secret_once_and_makes_the_tenant(clients: Pacnum) -> None:
    tenant = tenant_name()
    words = ["create", "--name", "Front end", "--scopes", "items:read results:read"]
    made = clients(*words, "--tenant", tenant, "--cors-origin", "https://a.example", "--json")
    assert made.exit_code == 0, made.output
    new = json.loads(made.stdout)
    assert set(new) == {"client_id", "client_secret"}
    listed = clients("list", "--tenant", tenant, "--json")
    (client,) = json.loads(listed.stdout)
    assert client["client_id"] == new["client_id"]
    assert client["name"] == "Front end"
    assert client["scopes"] == ["items:read", "results:read"]
    assert client["cors_origins"] == ["https://a.example"]
    assert client["auth_methods"] == ["client_secret_basic", "client_secret_post"]
    assert client["revoked_at"] is None
    assert new["client_secret"] not in listed.output


def test_for_people_too(clients: Pacnum) -> None:
    tenant = tenant_name()
    made = clients("create", "--name", "A", "--scopes", "items:read", "--tenant", tenant)
    assert "client_secret  pcs_" in made.stdout
    assert "not shown again" in made.stderr
    shown = clients("list", "--tenant", tenant)
    assert f"live     {tenant} / A  items:read" in shown.stdout


def test_an_unknown_scope_is_wrong_usage_and_names_the_known_ones(
    clients: Pacnum, count: Callable[..., int]
) -> None:
    tenant = tenant_name()
    made = clients("create", "--name", "A", "--scopes", "items:burn", "--tenant", tenant)
    assert made.exit_code == 2
    assert made.stdout == ""
    assert "items:burn" in made.stderr
    assert all(scope in made.stderr for scope in Scope)
    assert count("SELECT count(*) FROM tenants WHERE name = ANY($1)", tenant) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["create", "--name", "A"],
        ["create", "--scopes", "items:read"],
        ["create", "--name", "A", "--scopes", "items:read", "--tenant", "*"],
        ["create", "--name", "A", "--scopes", "items:read", "--cors-origin", "a.example"],
        ["create", "--name", "A", "--scopes", "items:read", "--rate-limit", "0"],
        ["create", "--name", "A", "--scopes", "items:read", "--jwks", "no-such-file"],
        ["rotate", "not-a-uuid"],
        ["rotate", str(uuid4()), "--overlap-hours", "-1"],
    ],
)
def test_wrong_usage(clients: Pacnum, words: list[str]) -> None:
    assert clients(*words).exit_code == 2


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
def test_an_unknown_client(clients: Pacnum, verb: str) -> None:
    answer = clients(verb, uuid4())
    assert answer.exit_code == 1
    assert "No API client has this id" in answer.stderr


def test_an_unknown_tenant(clients: Pacnum) -> None:
    assert clients("list", "--tenant", tenant_name()).exit_code == 1


def test_a_new_secret_then_the_end(clients: Pacnum) -> None:
    tenant = tenant_name()
    words = ["create", "--name", "A", "--scopes", "items:read", "--tenant", tenant, "--json"]
    first = json.loads(clients(*words).stdout)
    second = json.loads(clients("rotate", first["client_id"], "--json").stdout)
    assert second["client_id"] == first["client_id"]
    assert second["client_secret"] != first["client_secret"]
    revoked = clients("revoke", first["client_id"], "--json")
    assert json.loads(revoked.stdout) == {"client_id": first["client_id"], "revoked": True}
    assert "revoked" in clients("list", "--tenant", tenant).stdout
    again = clients("rotate", first["client_id"])
    assert again.exit_code == 1
    everyone = json.loads(clients("list", "--json").stdout)
    assert first["client_id"] in {client["client_id"] for client in everyone}


def test_a_client_with_keys_is_shown_no_secret(clients: Pacnum, tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    public = tmp_path / "public.json"
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    words = ["create", "--name", "A", "--scopes", "items:read", "--json", "--jwks"]
    assert set(json.loads(clients(*words, public).stdout)) == {"client_id"}
    private = tmp_path / "private.json"
    private.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    refused = clients(*words, private)
    assert refused.exit_code == 2
    assert "private key" in refused.stderr
    for wrong in ("no json", "[]"):
        private.write_text(wrong)
        assert clients(*words, private).exit_code == 2


def test_the_next_signing_key(clients: Pacnum, count: Callable[..., int]) -> None:
    first = json.loads(clients("rotate-keys", "--emergency", "--json").stdout)["kid"]
    second = json.loads(clients("rotate-keys", "--json").stdout)["kid"]
    assert count(KNOWN, first, second) == 2
    third = clients("rotate-keys", "--emergency").stdout.split()[1]
    assert (count(KNOWN, third), count(KNOWN, first, second, third)) == (1, 1)
