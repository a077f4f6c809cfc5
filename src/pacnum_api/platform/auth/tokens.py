"""Access tokens (RFC 9068) and session tokens: made, and believed only when nothing is amiss."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.keys import LONGEST_TOKEN_LIFETIME, KeyRing
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import SESSION_SCOPE
from pacnum_api.platform.auth.signatures import (
    BadSignature,
    sign,
    unverified_header,
    verified_payload,
)
from pacnum_api.platform.auth.ttl_cache import TtlCache
from pacnum_api.platform.clock import utc_now

TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type, not a secret
LEEWAY_SECONDS = 5
"""How far the clocks of two replicas may differ."""

REMEMBERED_SECONDS = 60.0
REMEMBERED_TOKENS = 10_000


class _Claims(BaseModel):
    """Every claim that is relied upon; strict, so that `"exp": "9e9"` or true is refused."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: str
    aud: str
    sub: str
    client_id: UUID
    tenant_id: UUID
    iat: int
    exp: int
    jti: str
    scope: str
    test_session_id: UUID | None = None


class KeySource(Protocol):
    """Where the verifier finds keys: the store of a process, or a fixed ring."""

    async def ring(self) -> KeyRing:
        """The ring as last loaded."""
        ...

    async def ring_with(self, kid: str) -> KeyRing:
        """The ring, loaded anew if this id is not in it (not more often than the source allows)."""
        ...


def issue_access_token(
    keys: KeyRing, *, tenant_id: UUID, client_id: UUID, scopes: Iterable[str], lifetime: timedelta
) -> str:
    """A token for a client: `sub` is the client itself (RFC 9068, section 2.2)."""
    return _signed(
        keys,
        {
            "sub": str(client_id),
            "client_id": str(client_id),
            "tenant_id": str(tenant_id),
            "scope": " ".join(sorted(scopes)),
        },
        expires_at=utc_now() + lifetime,
    )


def issue_session_token(
    keys: KeyRing, *, tenant_id: UUID, client_id: UUID, session_id: UUID, expires_at: datetime
) -> str:
    """A token that opens one test session and nothing else.

    It dies at ``expires_at``, or after LONGEST_TOKEN_LIFETIME if that is sooner.
    """
    return _signed(
        keys,
        {
            "sub": f"test_session:{session_id}",
            "client_id": str(client_id),
            "tenant_id": str(tenant_id),
            "scope": SESSION_SCOPE,
            "test_session_id": str(session_id),
        },
        expires_at=expires_at,
    )


def _signed(keys: KeyRing, claims: dict[str, object], *, expires_at: datetime) -> str:
    now = utc_now()
    signing_key = keys.signing_key(now)
    payload = {
        "iss": keys.issuer,
        "aud": keys.audience,
        "iat": int(now.timestamp()),
        "exp": int(min(expires_at, now + LONGEST_TOKEN_LIFETIME).timestamp()),
        "jti": str(new_id()),
        **claims,
    }
    return sign(
        payload,
        key=signing_key.signer(),
        algorithm=signing_key.algorithm.value,
        token_type=TOKEN_TYPE,
    )


class TokenVerifier:
    """Turns a token into its caller. Raises InvalidToken, the same for every fault.

    A signature costs about 100 µs, so what was found true is remembered by the token's SHA-256
    until it expires, at most a minute; a new ring (rotation, emergency) empties the memory.
    """

    def __init__(self, keys: KeySource, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._keys = keys
        self._clock = clock
        self._ring: KeyRing | None = None
        self._known: TtlCache[bytes, tuple[int, Principal]] = TtlCache(REMEMBERED_TOKENS)

    async def verify(self, token: str) -> Principal:
        """The caller that the token stands for."""
        ring = await self._keys.ring()
        if ring is not self._ring:
            self._ring = ring
            self._known.clear()
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        now = self._clock()
        if known is not None and now.timestamp() < known[0] + LEEWAY_SECONDS:
            return known[1]
        claims = await self._verified_claims(token, now)
        principal = _principal_of(claims)
        remaining = claims.exp - now.timestamp()
        self._known.put(digest, (claims.exp, principal), seconds=min(remaining, REMEMBERED_SECONDS))
        return principal

    async def _verified_claims(self, token: str, now: datetime) -> _Claims:
        try:
            header = unverified_header(token)
            ring = await self._keys.ring_with(_kid(header.get("kid")))
            signing_key = ring.find(header.get("kid"), now)
            if signing_key is None or header.get("typ") != TOKEN_TYPE:
                raise InvalidToken
            payload = verified_payload(
                token, key=signing_key.verifier(), algorithms=[signing_key.algorithm.value]
            )
            claims = _Claims.model_validate_json(payload)
        except (BadSignature, ValidationError) as error:
            raise InvalidToken from error
        _check(claims, ring=ring, now=now)
        return claims


def _kid(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidToken
    return value


def _check(claims: _Claims, *, ring: KeyRing, now: datetime) -> None:
    if claims.iss != ring.issuer or claims.aud != ring.audience:
        raise InvalidToken
    instant = now.timestamp()
    if instant >= claims.exp + LEEWAY_SECONDS or claims.iat > instant + LEEWAY_SECONDS:
        raise InvalidToken
    if not claims.sub or not claims.jti:
        raise InvalidToken


def _principal_of(claims: _Claims) -> Principal:
    scopes = frozenset(claims.scope.split())
    is_session = claims.test_session_id is not None
    # the session scope and the session's id come together, and with no other scope
    if is_session != (SESSION_SCOPE in scopes) or (is_session and len(scopes) != 1):
        raise InvalidToken
    return Principal(
        tenant_id=claims.tenant_id,
        client_id=claims.client_id,
        subject=claims.sub,
        scopes=scopes,
        session_id=claims.test_session_id,
    )
