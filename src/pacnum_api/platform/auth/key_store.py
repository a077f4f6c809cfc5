"""Where signing keys live, how they are renewed, and what a process remembers of them."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.keys import (
    LONGEST_TOKEN_LIFETIME,
    PUBLISHED_AHEAD,
    KeyRing,
    SigningAlgorithm,
    SigningKey,
    generate_signing_key,
)
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database
from pacnum_api.platform.db import Base, TenantOwned

CHANNEL = "pacnum_keys"
FRESH_SECONDS = 60.0
"""A ring is loaded anew after this, should a notification have been lost."""

UNKNOWN_KEY_SECONDS = 5.0
"""Tokens with invented key ids cause at most one look-up in this time."""

_LOCK = 7_226_860_002  # advisory lock: whoever makes keys, makes them alone

_LOAD = """
    SELECT kid, algorithm, public_jwk, private_jwk, activates_at, retires_at, expires_at
    FROM signing_keys
    WHERE tenant_id = $1 AND (expires_at IS NULL OR expires_at > $2)
    ORDER BY activates_at, kid
"""
_INSERT = """
    INSERT INTO signing_keys
        (kid, tenant_id, algorithm, public_jwk, private_jwk, created_at, activates_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_RETIRE = """
    UPDATE signing_keys SET retires_at = $2, expires_at = $3
    WHERE tenant_id = $1 AND retires_at IS NULL
"""
_WITHDRAW = "DELETE FROM signing_keys WHERE tenant_id = $1"
_FORGET_DEAD = "DELETE FROM signing_keys WHERE tenant_id = $1 AND expires_at <= $2"
_FORGET_PRIVATE = """
    UPDATE signing_keys SET private_jwk = NULL
    WHERE tenant_id = $1 AND retires_at <= $2 AND private_jwk IS NOT NULL
"""
_NEWEST = "SELECT max(created_at) FROM signing_keys WHERE tenant_id = $1"


class SigningKeyRow(TenantOwned, Base):
    """A key pair as JWKs; the private half goes when the key retires.

    Rows belong to the public tenant, without its shared-reading policy: a transaction of any other
    tenant cannot see a key, whatever it asks for.
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    public_jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    private_jwk: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    activates_at: Mapped[datetime]
    retires_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class KeyStore:
    """The keys as this process knows them: loaded at first use, dropped when told of a change."""

    def __init__(
        self,
        database: Database,
        *,
        issuer: str,
        audience: str,
        algorithm: str = SigningAlgorithm.EDDSA,
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._audience = audience
        self._algorithm = SigningAlgorithm(algorithm)
        self._ring: KeyRing | None = None
        self._loaded_at = float("-inf")
        self._drops = 0
        self._lock = asyncio.Lock()
        self.clock: Callable[[], float] = time.monotonic

    async def ring(self) -> KeyRing:
        """The keys, at most a minute old; makes the first key when there is none."""
        ring = self._ring
        if ring is not None and self.clock() - self._loaded_at < FRESH_SECONDS:
            return ring
        return await self._reload(ring)

    async def ring_with(self, kid: str) -> KeyRing:
        """The keys; loaded anew, though rarely, if none has this id."""
        ring = await self.ring()
        is_known = any(key.kid == kid for key in ring.keys)
        if is_known or self.clock() - self._loaded_at < UNKNOWN_KEY_SECONDS:
            return ring
        return await self._reload(ring)

    def drop(self, payload: str = "") -> None:
        """Forget the keys: they have changed somewhere (notification on ``pacnum_keys``)."""
        del payload
        self._drops += 1
        self._loaded_at = float("-inf")

    async def _reload(self, seen: KeyRing | None) -> KeyRing:
        started_at = self.clock()
        async with self._lock:
            if self._ring is not None and self._loaded_at >= started_at:
                return self._ring  # another task loaded it while this one waited
            began_at, drops = self.clock(), self._drops
            keys = await _load_or_create(self._database, self._algorithm)
            ring = KeyRing(issuer=self._issuer, audience=self._audience, keys=keys)
            # an unchanged ring stays the same object: what was derived from it stays valid
            self._ring = seen if seen == ring else ring
            if drops == self._drops:  # else it changed while it was being read
                self._loaded_at = began_at
            return self._ring


async def rotate_keys(
    database: Database,
    *,
    algorithm: str = SigningAlgorithm.EDDSA,
    is_emergency: bool = False,
) -> str:
    """Make the next key and return its id; the present one retires when the new one starts.

    ``is_emergency``: a key has leaked. All former keys are withdrawn at once and every token that
    they signed dies within moments; the new key signs immediately.
    """
    now = utc_now()
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        return await _renew(
            connection, SigningAlgorithm(algorithm), now=now, is_emergency=is_emergency
        )


async def rotate_keys_when_due(
    database: Database, *, max_age: timedelta, algorithm: str = SigningAlgorithm.EDDSA
) -> bool:
    """Renew the newest key if it is older than ``max_age``; also forget what has died.

    Returns whether a key was made. Any number of workers may call it at any time.
    """
    now = utc_now()
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_FORGET_DEAD, PUBLIC_TENANT_ID, now)
        await connection.execute(_FORGET_PRIVATE, PUBLIC_TENANT_ID, now - PUBLISHED_AHEAD)
        newest = await connection.fetchval(_NEWEST, PUBLIC_TENANT_ID)
        if newest is not None and now - newest < max_age:
            return False
        await _renew(connection, SigningAlgorithm(algorithm), now=now)
        return True


async def _load_or_create(
    database: Database, algorithm: SigningAlgorithm
) -> tuple[SigningKey, ...]:
    now = utc_now()
    async with database.raw_transaction(PUBLIC_TENANT_ID) as connection:
        keys = await _load(connection, now)
        if any(key.signs_at(now) for key in keys):
            return keys
        # Replicas that start together all come here; the lock lets one of them make the key.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        now = utc_now()  # later than the key of whoever had the lock before
        keys = await _load(connection, now)
        if not any(key.signs_at(now) for key in keys):
            await _insert(connection, generate_signing_key(algorithm, activates_at=now), now=now)
            keys = await _load(connection, now)
        return keys


async def _load(connection: asyncpg.Connection, now: datetime) -> tuple[SigningKey, ...]:
    rows = await connection.fetch(_LOAD, PUBLIC_TENANT_ID, now)
    return tuple(
        SigningKey(
            kid=row["kid"],
            algorithm=SigningAlgorithm(row["algorithm"]),
            public_jwk=row["public_jwk"],
            private_jwk=row["private_jwk"],
            activates_at=row["activates_at"],
            retires_at=row["retires_at"],
            expires_at=row["expires_at"],
        )
        for row in rows
    )


async def _renew(
    connection: asyncpg.Connection,
    algorithm: SigningAlgorithm,
    *,
    now: datetime,
    is_emergency: bool = False,
) -> str:
    has_keys = await connection.fetchval(_NEWEST, PUBLIC_TENANT_ID) is not None
    activates_at = now + PUBLISHED_AHEAD if has_keys and not is_emergency else now
    if is_emergency:
        await connection.execute(_WITHDRAW, PUBLIC_TENANT_ID)
    else:
        dead_at = activates_at + LONGEST_TOKEN_LIFETIME
        await connection.execute(_RETIRE, PUBLIC_TENANT_ID, activates_at, dead_at)
    key = generate_signing_key(algorithm, activates_at=activates_at)
    await _insert(connection, key, now=now)
    return key.kid


async def _insert(connection: asyncpg.Connection, key: SigningKey, *, now: datetime) -> None:
    await connection.execute(
        _INSERT,
        key.kid,
        PUBLIC_TENANT_ID,
        key.algorithm.value,
        key.public_jwk,
        key.private_jwk,
        now,
        key.activates_at,
    )
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
