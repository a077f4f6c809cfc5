"""Tokens that somebody would like to be believed, each wrong in one way."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pacnum_api.platform.auth.keys import KeyRing, SigningKey, generate_signing_key
from pacnum_api.platform.auth.scopes import SESSION_SCOPE
from pacnum_api.platform.auth.signatures import sign
from pacnum_api.platform.clock import utc_now
from tests.support.callers import Caller


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _claims(caller: Caller, ring: KeyRing) -> dict[str, object]:
    now = int(utc_now().timestamp())
    return {
        "iss": ring.issuer,
        "aud": ring.audience,
        "sub": str(caller.client_id),
        "client_id": str(caller.client_id),
        "tenant_id": str(caller.tenant_id),
        "iat": now - 120,
        "exp": now + 60,
        "jti": "one",
        "scope": "frameworks:read items:read test_sessions:run results:read trainings:read",
    }


def _signed(claims: dict[str, object], key: SigningKey, *, token_type: str = "at+jwt") -> str:  # noqa: S107 - a media type
    return sign(claims, key=key.signer(), algorithm=key.algorithm.value, token_type=token_type)


def _unsigned(claims: dict[str, object], key: SigningKey) -> str:
    return f"{_segment({'alg': 'none', 'typ': 'at+jwt', 'kid': key.kid})}.{_segment(claims)}."


def _confused(claims: dict[str, object], key: SigningKey) -> str:
    """HMAC with the public key, which everybody knows, as the secret."""
    header = _segment({"alg": "HS256", "typ": "at+jwt", "kid": key.kid})
    signed = f"{header}.{_segment(claims)}"
    mac = hmac.new(key.public_jwk.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _posing(key: SigningKey) -> SigningKey:
    """A key of the forger's own, under the id of ours."""
    own = generate_signing_key(key.algorithm, activates_at=utc_now() - timedelta(hours=1))
    renamed = {**json.loads(own.private_jwk or ""), "kid": key.kid}
    return replace(own, private_jwk=json.dumps(renamed))


async def forged_headers(caller: Caller) -> dict[str, str]:
    """By what is wrong, the value of an Authorization header; `sound` is the one that is good."""
    ring = await caller.app.state.gate.keys.ring()
    key = ring.signing_key(utc_now())
    good: dict[str, Any] = _claims(caller, ring)
    another = generate_signing_key(key.algorithm, activates_at=utc_now() - timedelta(hours=1))
    tokens = {
        "sound": _signed(good, key),
        "expired": _signed({**good, "exp": good["iat"] + 1}, key),
        "of tomorrow": _signed({**good, "iat": good["exp"] + 86400}, key),
        "another audience": _signed({**good, "aud": "https://elsewhere.example"}, key),
        "another issuer": _signed({**good, "iss": "https://elsewhere.example"}, key),
        "another type": _signed(good, key, token_type="JWT"),
        "unsigned": _unsigned(good, key),
        "hs256 with the public key": _confused(good, key),
        "unknown key": _signed(good, another),
        "posing key": _signed(good, _posing(key)),
        "unknown client": _signed({**good, "client_id": str(caller.tenant_id)}, key),
        "another tenant": _signed({**good, "tenant_id": str(caller.client_id)}, key),
        "session scope without session": _signed({**good, "scope": SESSION_SCOPE}, key),
        "tampered": _signed(good, key)[:-4] + "AAAA",
        "no token": "not.a.token",
    }
    return {name: f"Bearer {token}" for name, token in tokens.items()}
