"""Keys among replicas: one first key, rotation without a gap, and a way out when one has leaked."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.key_store import (
    FRESH_SECONDS,
    UNKNOWN_KEY_SECONDS,
    KeyStore,
    rotate_keys,
    rotate_keys_when_due,
)
from pacnum_api.platform.auth.keys import LONGEST_TOKEN_LIFETIME, PUBLISHED_AHEAD, KeyRing
from pacnum_api.platform.auth.tokens import TokenVerifier, issue_access_token
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database

OLD = timedelta(days=90)


@pytest.fixture(autouse=True)
async def no_keys(own_database_url: str) -> None:
    connection = await asyncpg.connect(own_database_url)
    await connection.execute("DELETE FROM signing_keys")
    await connection.close()


def make_store(database: Database) -> KeyStore:
    return KeyStore(database, issuer="https://pacnum.example", audience="api")


def token_by(ring: KeyRing) -> str:
    return issue_access_token(
        ring,
        tenant_id=uuid4(),
        client_id=uuid4(),
        scopes=["items:read"],
        lifetime=timedelta(minutes=10),
    )


def kids(ring: KeyRing) -> list[str]:
    return [key.kid for key in ring.keys]


async def test_replicas_that_start_together_make_one_key(own_database: Database) -> None:
    stores = [make_store(own_database) for _ in range(8)]
    rings = await asyncio.gather(*(store.ring() for store in stores))
    assert len({key.kid for ring in rings for key in ring.keys}) == 1
    assert all(ring == rings[0] for ring in rings)


async def test_a_rotation_publishes_the_new_key_before_it_signs(own_database: Database) -> None:
    store = make_store(own_database)
    (old,) = (await store.ring()).keys
    token = token_by(await store.ring())
    new_kid = await rotate_keys(own_database)
    store.drop()
    ring = await store.ring()
    now = utc_now()
    assert [jwk["kid"] for jwk in ring.public_jwks(now)["keys"]] == [old.kid, new_kid]
    assert ring.signing_key(now).kid == old.kid
    assert ring.signing_key(now + PUBLISHED_AHEAD).kid == new_kid
    await TokenVerifier(store).verify(token)
    before, after = ring.keys
    assert before.retires_at == after.activates_at
    assert before.expires_at == after.activates_at + LONGEST_TOKEN_LIFETIME


async def test_two_rotations_in_a_row_leave_no_gap(own_database: Database) -> None:
    store = make_store(own_database)
    await store.ring()
    await rotate_keys(own_database)
    await rotate_keys(own_database)
    store.drop()
    ring = await store.ring()
    for minutes in range(30):
        assert ring.signing_key(utc_now() + timedelta(minutes=minutes)).kid in kids(ring)


async def test_after_an_emergency_old_tokens_are_dead_and_new_ones_good(
    own_database: Database,
) -> None:
    store = make_store(own_database)
    verifier = TokenVerifier(store)
    stolen = token_by(await store.ring())
    await verifier.verify(stolen)
    new_kid = await rotate_keys(own_database, is_emergency=True)
    store.drop()
    with pytest.raises(InvalidToken):
        await verifier.verify(stolen)
    assert kids(await store.ring()) == [new_kid]
    await verifier.verify(token_by(await store.ring()))


async def test_other_processes_are_told(own_database: Database) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    connection = await own_database.connect()
    await connection.add_listener("pacnum_keys", lambda *said: told.put_nowait(str(said[2])))
    await rotate_keys(own_database)
    assert await asyncio.wait_for(told.get(), timeout=5) == "pacnum_keys"
    await connection.close()


async def test_a_rotation_is_due_once_however_many_workers_look(
    own_database: Database, own_database_url: str
) -> None:
    assert await rotate_keys_when_due(own_database, max_age=OLD)
    assert not await rotate_keys_when_due(own_database, max_age=OLD)
    owner = await asyncpg.connect(own_database_url)
    await owner.execute("UPDATE signing_keys SET created_at = created_at - $1::interval", 2 * OLD)
    await owner.close()
    made = await asyncio.gather(
        *(rotate_keys_when_due(own_database, max_age=OLD) for _ in range(5))
    )
    assert sum(made) == 1


async def test_what_is_dead_is_forgotten_private_halves_first(
    own_database: Database, own_database_url: str
) -> None:
    store = make_store(own_database)
    dead, retired, present = (await store.ring()).keys[0].kid, "", ""
    retired = await rotate_keys(own_database)
    present = await rotate_keys(own_database)
    connection = await asyncpg.connect(own_database_url)
    await connection.execute(
        "UPDATE signing_keys SET retires_at = now() - interval '9 days', "
        "expires_at = now() - interval '1 day' WHERE kid = $1",
        dead,
    )
    await connection.execute(
        "UPDATE signing_keys SET retires_at = now() - interval '1 hour' WHERE kid = $1", retired
    )
    await rotate_keys_when_due(own_database, max_age=OLD)
    rows = await connection.fetch("SELECT kid, private_jwk IS NULL AS public FROM signing_keys")
    await connection.close()
    assert {row["kid"]: row["public"] for row in rows} == {retired: True, present: False}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_unknown_key_ids_cause_few_look_ups(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    store = make_store(own_database)
    store.clock = clock
    first = await store.ring()
    new_kid = await rotate_keys(own_database)
    assert kids(await store.ring_with(new_kid)) == kids(first)
    clock.seconds += UNKNOWN_KEY_SECONDS
    assert new_kid in kids(await store.ring_with(new_kid))
    later = await rotate_keys(own_database)
    clock.seconds += UNKNOWN_KEY_SECONDS - 1
    assert later not in kids(await store.ring_with("invented"))


async def test_a_lost_notification_costs_a_minute_at_most(own_database: Database) -> None:
    clock = Clock()
    store = make_store(own_database)
    store.clock = clock
    first = await store.ring()
    clock.seconds += FRESH_SECONDS
    assert await store.ring() is first
    new_kid = await rotate_keys(own_database)
    assert await store.ring() is first
    clock.seconds += FRESH_SECONDS
    assert new_kid in kids(await store.ring())
