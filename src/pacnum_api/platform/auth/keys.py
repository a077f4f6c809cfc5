"""Signing keys and the ring of those that count at present."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey

LONGEST_TOKEN_LIFETIME = timedelta(days=8)
"""No token outlives this, so a retired key is dead this long after it last signed."""

PUBLISHED_AHEAD = timedelta(minutes=10)
"""How long a new key stands in the JWKS before it signs: twice what caches keep the JWKS."""


class SigningAlgorithm(StrEnum):
    """How access tokens may be signed (RFC 8037 with Ed25519; RFC 7518 with P-256)."""

    EDDSA = "EdDSA"
    ES256 = "ES256"


class NoSigningKey(RuntimeError):
    """No key of the ring may sign now: it holds only retired ones or ones that start later."""


@lru_cache(maxsize=32)
def _imported(jwk: str) -> Key:
    # the key objects parse themselves once; a ring holds two or three
    return JWKRegistry.import_key(json.loads(jwk))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key and its life: published at once, signs from ``activates_at`` to ``retires_at``,
    verifies until ``expires_at``. The last two are None until a successor is made.
    """

    kid: str
    algorithm: SigningAlgorithm
    public_jwk: str
    private_jwk: str | None
    activates_at: datetime
    retires_at: datetime | None = None
    expires_at: datetime | None = None

    def signs_at(self, now: datetime) -> bool:
        """Whether new tokens may carry this key's signature."""
        has_begun = self.activates_at <= now
        has_ended = self.retires_at is not None and self.retires_at <= now
        return self.private_jwk is not None and has_begun and not has_ended

    def signer(self) -> Key:
        """The private half, ready to sign. Raises NoSigningKey once it has been forgotten."""
        if self.private_jwk is None:
            raise NoSigningKey
        return _imported(self.private_jwk)

    def verifier(self) -> Key:
        """The public half, ready to verify."""
        return _imported(self.public_jwk)

    def verifies_at(self, now: datetime) -> bool:
        """Whether a token signed with this key can still be alive."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What a process knows of the keys, and in whose name tokens are made. Never changes.

    ``issuer`` and ``audience`` are the `iss` and `aud` of every token; ``keys`` are in the order of
    their activation.
    """

    issuer: str
    audience: str
    keys: tuple[SigningKey, ...]

    def signing_key(self, now: datetime) -> SigningKey:
        """The newest key that may sign. Raises NoSigningKey."""
        able = [key for key in self.keys if key.signs_at(now)]
        if not able:
            raise NoSigningKey
        return max(able, key=lambda key: key.activates_at)

    def find(self, kid: object, now: datetime) -> SigningKey | None:
        """The key of this id, if tokens of its time can still be alive."""
        return next((key for key in self.keys if key.kid == kid and key.verifies_at(now)), None)

    def public_jwks(self, now: datetime) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """The key set to publish (RFC 7517, section 5): also the keys that will sign soon."""
        return {"keys": [json.loads(key.public_jwk) for key in self.keys if key.verifies_at(now)]}


def generate_signing_key(algorithm: SigningAlgorithm, *, activates_at: datetime) -> SigningKey:
    """A new key; its id is the RFC 7638 thumbprint of the public part."""
    made: ECKey | OKPKey = (
        OKPKey.generate_key("Ed25519")
        if algorithm is SigningAlgorithm.EDDSA
        else ECKey.generate_key("P-256")
    )
    kid = made.thumbprint()
    marks = {"kid": kid, "alg": algorithm.value, "use": "sig"}
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk=json.dumps({**made.as_dict(private=False), **marks}),
        private_jwk=json.dumps({**made.as_dict(private=True), **marks}),
        activates_at=activates_at,
    )
