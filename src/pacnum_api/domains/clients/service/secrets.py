"""Client secrets: drawn, hashed, and verified without holding up the event loop."""

import secrets
from collections.abc import Sequence
from functools import cache, lru_cache

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pacnum_api.domains.clients.errors import TokenEndpointBusy

PREFIX = "pcs_"
"""Lets secret scanners of code hosts recognise a secret that slipped into a repository."""

SECRET_BYTES = 32
LONGEST_SECRET = 200
MOST_AT_ONCE = 2
MOST_WAITING = 64
"""A hash takes some 30 ms of a core: a flood of wrong secrets must not starve the answers."""

# OWASP's lower setting for argon2id. Secrets are drawn with 256 bits, not chosen by people: the
# hash protects a stolen table, and its cost is paid at every token request.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@lru_cache(maxsize=1)
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(MOST_AT_ONCE)


def draw_secret() -> str:
    """A new secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """The argon2id hash to keep."""
    return _hasher.hash(secret)


@cache
def _decoy() -> str:
    return _hasher.hash(draw_secret())


async def verify_secret(secret: str, hashes: Sequence[str]) -> bool:
    """Whether the secret fits one of the hashes, in a thread. Raises TokenEndpointBusy.

    Without a hash (unknown client, or one without a secret) a decoy is verified instead, so that
    the time taken does not tell which clients exist.
    """
    limiter = _limiter()
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        raise TokenEndpointBusy
    return await run_sync(_fits, secret, tuple(hashes), limiter=limiter)


def _fits(secret: str, hashes: tuple[str, ...]) -> bool:
    shown = secret if len(secret) <= LONGEST_SECRET else ""
    if not hashes:
        _verify(_decoy(), shown)
        return False
    # all are tried: a match does not end the work early
    return sum(_verify(known, shown) for known in hashes) > 0


def _verify(known: str, shown: str) -> bool:
    try:
        return _hasher.verify(known, shown)
    except (VerificationError, InvalidHashError):
        return False
