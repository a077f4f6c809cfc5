"""Which key signs, which verify, which are published: a matter of time alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pacnum_api.platform.auth.keys import (
    KeyRing,
    NoSigningKey,
    SigningAlgorithm,
    SigningKey,
    generate_signing_key,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def key(activates_at: datetime) -> SigningKey:
    return generate_signing_key(SigningAlgorithm.EDDSA, activates_at=activates_at)


def ring(*keys: SigningKey) -> KeyRing:
    return KeyRing(issuer="https://pacnum.example", audience="a", keys=keys)


PRESENT = replace(key(NOW - HOUR), retires_at=NOW + HOUR, expires_at=NOW + 9 * HOUR)
COMING = key(NOW + HOUR)
PAST = replace(key(NOW - 3 * HOUR), retires_at=NOW - HOUR, expires_at=NOW + HOUR, private_jwk=None)
DEAD = replace(key(NOW - 9 * HOUR), retires_at=NOW - 5 * HOUR, expires_at=NOW)


def test_the_coming_key_is_published_before_it_signs() -> None:
    keys = ring(PRESENT, COMING)
    assert keys.signing_key(NOW) is PRESENT
    assert {jwk["kid"] for jwk in keys.public_jwks(NOW)["keys"]} == {PRESENT.kid, COMING.kid}
    assert keys.signing_key(NOW + HOUR) is COMING


def test_a_past_key_verifies_until_its_tokens_are_dead() -> None:
    keys = ring(DEAD, PAST, PRESENT)
    assert keys.find(PAST.kid, NOW) is PAST
    assert keys.find(DEAD.kid, NOW) is None
    assert keys.find("unknown", NOW) is None
    assert {jwk["kid"] for jwk in keys.public_jwks(NOW)["keys"]} == {PAST.kid, PRESENT.kid}
    assert keys.signing_key(NOW) is PRESENT


def test_the_newest_of_two_able_keys_signs() -> None:
    older, newer = key(NOW - 2 * HOUR), key(NOW - HOUR)
    assert ring(newer, older).signing_key(NOW) is newer


@pytest.mark.parametrize("keys", [(), (COMING,), (PAST,), (DEAD,)])
def test_no_able_key_is_said_so(keys: tuple[SigningKey, ...]) -> None:
    with pytest.raises(NoSigningKey):
        ring(*keys).signing_key(NOW)


def test_a_forgotten_private_half_signs_nothing() -> None:
    with pytest.raises(NoSigningKey):
        PAST.signer()


@pytest.mark.parametrize(
    ("algorithm", "members"),
    [
        (SigningAlgorithm.EDDSA, {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"}),
        (SigningAlgorithm.ES256, {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}),
    ],
)
def test_what_is_published_says_what_the_key_is_for_and_no_secret(
    algorithm: SigningAlgorithm, members: dict[str, str]
) -> None:
    made = generate_signing_key(algorithm, activates_at=NOW)
    (published,) = ring(made).public_jwks(NOW)["keys"]
    assert members.items() <= published.items()
    assert published["kid"] == made.kid
    assert "d" not in published
    assert "d" in json.loads(made.private_jwk or "{}")
