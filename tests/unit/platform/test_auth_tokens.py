"""Tokens are believed only when nothing about them is amiss."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.keys import (
    LONGEST_TOKEN_LIFETIME,
    KeyRing,
    SigningAlgorithm,
    SigningKey,
    generate_signing_key,
)
from pacnum_api.platform.auth.scopes import SESSION_SCOPE
from pacnum_api.platform.auth.signatures import (
    BadSignature,
    _OneAlgorithm,
    sign,
    unverified_claims,
    unverified_header,
)
from pacnum_api.platform.auth.tokens import (
    LEEWAY_SECONDS,
    TOKEN_TYPE,
    TokenVerifier,
    issue_access_token,
    issue_session_token,
)
from pacnum_api.platform.clock import utc_now

ISSUER = "https://pacnum.example"
AUDIENCE = "https://pacnum.example/v1"
TENANT, CLIENT, SESSION = uuid4(), uuid4(), uuid4()
LIFETIME = timedelta(minutes=10)


def make_key(algorithm: SigningAlgorithm = SigningAlgorithm.EDDSA) -> SigningKey:
    return generate_signing_key(algorithm, activates_at=utc_now() - timedelta(hours=1))


def make_ring(*keys: SigningKey) -> KeyRing:
    return KeyRing(issuer=ISSUER, audience=AUDIENCE, keys=keys)


KEY = make_key()
RING = make_ring(KEY)


class FixedKeys:
    """A ring that does not change unless a test changes it; counts what it is asked."""

    def __init__(self, ring: KeyRing = RING) -> None:
        self.held = ring
        self.asked_for: list[str] = []

    async def ring(self) -> KeyRing:
        return self.held

    async def ring_with(self, kid: str) -> KeyRing:
        self.asked_for.append(kid)
        return self.held


def verifier(ring: KeyRing = RING) -> TokenVerifier:
    return TokenVerifier(FixedKeys(ring))


def good_claims() -> dict[str, object]:
    now = int(utc_now().timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(CLIENT),
        "client_id": str(CLIENT),
        "tenant_id": str(TENANT),
        "iat": now,
        "exp": now + 60,
        "jti": "one",
        "scope": "items:read",
    }


def signed(
    claims: dict[str, object], *, token_type: str = TOKEN_TYPE, key: SigningKey = KEY
) -> str:
    return sign(claims, key=key.signer(), algorithm=key.algorithm.value, token_type=token_type)


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def refused(token: str, ring: KeyRing = RING) -> bool:
    with pytest.raises(InvalidToken):
        await verifier(ring).verify(token)
    return True


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
async def test_an_issued_token_names_its_client_and_scopes(algorithm: SigningAlgorithm) -> None:
    ring = make_ring(make_key(algorithm))
    token = issue_access_token(
        ring,
        tenant_id=TENANT,
        client_id=CLIENT,
        scopes=["results:read", "items:read"],
        lifetime=LIFETIME,
    )
    principal = await verifier(ring).verify(token)
    assert principal.tenant_id == TENANT
    assert principal.client_id == CLIENT
    assert principal.subject == str(CLIENT)
    assert principal.scopes == {"items:read", "results:read"}
    assert not principal.is_session


def test_an_issued_token_has_the_form_of_rfc_9068() -> None:
    token = issue_access_token(
        RING, tenant_id=TENANT, client_id=CLIENT, scopes=["items:read"], lifetime=LIFETIME
    )
    assert unverified_header(token) == {"alg": "EdDSA", "typ": "at+jwt", "kid": KEY.kid}
    claims = unverified_claims(token)
    assert set(claims) == set(good_claims())
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    issued_at, expires_at = claims["iat"], claims["exp"]
    assert isinstance(issued_at, int)
    assert isinstance(expires_at, int)
    assert expires_at - issued_at == 600
    assert UUID(str(claims["jti"])).version == 7


async def test_a_session_token_opens_its_session_and_holds_no_ordinary_scope() -> None:
    token = issue_session_token(
        RING,
        tenant_id=TENANT,
        client_id=CLIENT,
        session_id=SESSION,
        expires_at=utc_now() + LIFETIME,
    )
    principal = await verifier().verify(token)
    assert principal.session_id == SESSION
    assert principal.is_session
    assert principal.scopes == {SESSION_SCOPE}
    assert principal.subject == f"test_session:{SESSION}"


def test_no_token_outlives_the_key_that_signed_it() -> None:
    token = issue_session_token(
        RING,
        tenant_id=TENANT,
        client_id=CLIENT,
        session_id=SESSION,
        expires_at=utc_now() + timedelta(days=300),
    )
    expires_at = unverified_claims(token)["exp"]
    assert isinstance(expires_at, int)
    limit = utc_now() + LONGEST_TOKEN_LIFETIME
    assert expires_at <= limit.timestamp()


async def test_good_claims_pass_so_that_the_refusals_below_mean_something() -> None:
    assert (await verifier().verify(signed(good_claims()))).client_id == CLIENT


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"iss": "https://elsewhere.example"}, id="wrong issuer"),
        pytest.param({"iss": ISSUER + "/"}, id="almost the issuer"),
        pytest.param({"aud": "https://elsewhere.example"}, id="wrong audience"),
        pytest.param({"aud": [AUDIENCE]}, id="audience in a list"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"exp": "9999999999"}, id="exp as text"),
        pytest.param({"exp": True}, id="exp as boolean"),
        pytest.param({"exp": 1e300}, id="exp as float"),
        pytest.param({"iat": 99_999_999_999}, id="issued in the future"),
        pytest.param({"client_id": "not-a-uuid"}, id="client id"),
        pytest.param({"tenant_id": None}, id="tenant null"),
        pytest.param({"tenant_id": 7}, id="tenant number"),
        pytest.param({"scope": ["items:read"]}, id="scope in a list"),
        pytest.param({"sub": ""}, id="empty subject"),
        pytest.param({"jti": ""}, id="empty jti"),
        pytest.param({"jti": 5}, id="jti number"),
        pytest.param({"scope": SESSION_SCOPE}, id="session scope without a session"),
        pytest.param({"test_session_id": str(SESSION)}, id="session with ordinary scopes"),
        pytest.param(
            {"test_session_id": str(SESSION), "scope": f"{SESSION_SCOPE} admin"},
            id="session with one scope too many",
        ),
    ],
)
async def test_a_wrong_claim_is_refused(change: dict[str, object]) -> None:
    assert await refused(signed({**good_claims(), **change}))


@pytest.mark.parametrize("name", sorted(good_claims()))
async def test_a_missing_claim_is_refused(name: str) -> None:
    claims = good_claims()
    del claims[name]
    assert await refused(signed(claims))


@pytest.mark.parametrize("token_type", ["JWT", "jwt", "AT+JWT", "application/at+jwt", ""])
async def test_another_type_is_refused(token_type: str) -> None:
    assert await refused(signed(good_claims(), token_type=token_type))


async def test_no_type_is_refused() -> None:
    token = signed(good_claims())
    header = segment({"alg": "EdDSA", "kid": KEY.kid})
    assert await refused(".".join([header, *token.split(".")[1:]]))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
async def test_an_unsigned_token_is_refused(name: str, signature: str) -> None:
    header = segment({"alg": name, "typ": "at+jwt", "kid": KEY.kid})
    assert await refused(f"{header}.{segment(good_claims())}.{signature}")


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
async def test_hs256_with_the_public_key_as_secret_is_refused(algorithm: SigningAlgorithm) -> None:
    key = make_key(algorithm)
    signing_input = (
        f"{segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': key.kid})}.{segment(good_claims())}"
    )
    public = key.verifier()
    assert isinstance(public, OKPKey | ECKey)
    pem = public.as_pem()
    for secret in (key.public_jwk.encode(), pem):
        mac = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(mac).decode().rstrip("=")
        assert await refused(f"{signing_input}.{signature}", make_ring(key))


async def test_the_algorithm_is_the_keys_own_even_among_good_ones() -> None:
    edwards, curve = make_key(), make_key(SigningAlgorithm.ES256)
    header = segment({"alg": "ES256", "typ": "at+jwt", "kid": edwards.kid})
    _, claims, signature = signed(good_claims(), key=curve).split(".")
    assert await refused(f"{header}.{claims}.{signature}", make_ring(edwards, curve))


async def test_another_key_under_a_known_id_is_refused() -> None:
    stranger = make_key()
    posing = replace(
        stranger,
        private_jwk=json.dumps({**json.loads(stranger.private_jwk or ""), "kid": KEY.kid}),
    )
    assert unverified_header(signed(good_claims(), key=posing))["kid"] == KEY.kid
    assert await refused(signed(good_claims(), key=posing))


async def test_an_unknown_key_is_looked_for_and_then_refused() -> None:
    keys = FixedKeys()
    stranger = make_key()
    with pytest.raises(InvalidToken):
        await TokenVerifier(keys).verify(signed(good_claims(), key=stranger))
    assert keys.asked_for == [stranger.kid]


async def test_a_key_that_has_died_verifies_nothing() -> None:
    token = signed(good_claims())
    dead = replace(KEY, expires_at=utc_now() - timedelta(seconds=1))
    assert await refused(token, make_ring(dead))


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_tampered_token_is_refused(part: int) -> None:
    segments = signed(good_claims()).split(".")
    middle = len(segments[part]) // 2
    letter = "A" if segments[part][middle] != "A" else "B"
    segments[part] = segments[part][:middle] + letter + segments[part][middle + 1 :]
    assert await refused(".".join(segments))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "not a token",
        "é.é.é",
        "\ud800",
        "eyJhbGciOiJFZERTQSJ9",
        f"{segment({'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': KEY.kid})}..AAAA",
        f"{segment([])}.{segment({})}.AAAA",
        f"{segment('alg')}.{segment({})}.AAAA",
        f"{segment(None)}.{segment({})}.AAAA",
        f"{segment({'alg': ['EdDSA'], 'typ': 'at+jwt', 'kid': KEY.kid})}.{segment({})}.AAAA",
        f"{segment({'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': [KEY.kid]})}.{segment({})}.AAAA",
        f"{segment({'alg': 'EdDSA', 'typ': 'at+jwt'})}.{segment({})}.AAAA",
    ],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    assert await refused(token)


def test_the_registry_knows_one_algorithm() -> None:
    with pytest.raises(BadSignature):
        _OneAlgorithm("EdDSA").get_alg("none")


async def test_a_huge_token_is_refused_unread() -> None:
    assert await refused("A" * 100_000)
    assert await refused(signed({**good_claims(), "padding": "x" * 100_000}))


@pytest.mark.parametrize("extra", [{"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}])
async def test_header_parameters_that_change_the_meaning_are_refused(
    extra: dict[str, object],
) -> None:
    token = signed(good_claims())
    header = {**unverified_header(token), **extra}
    assert await refused(".".join([segment(header), *token.split(".")[1:]]))


@given(st.text(max_size=200))
async def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    assert await refused(text)


@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=20), max_size=6))
async def test_any_signed_object_is_refused(claims: dict[str, object]) -> None:
    assert await refused(signed(claims))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def test_a_remembered_token_dies_on_time() -> None:
    clock = Clock()
    ring = make_ring(replace(KEY, activates_at=clock.now - timedelta(days=1)))
    known = TokenVerifier(FixedKeys(ring), clock=clock)
    start = int(clock.now.timestamp())
    token = signed({**good_claims(), "iat": start, "exp": start + 30})
    await known.verify(token)
    clock.now += timedelta(seconds=30 + LEEWAY_SECONDS - 1)
    await known.verify(token)
    clock.now += timedelta(seconds=1)
    with pytest.raises(InvalidToken):
        await known.verify(token)


async def test_a_token_is_verified_once_and_then_known_until_the_keys_change() -> None:
    keys = FixedKeys()
    known = TokenVerifier(keys)
    token = signed(good_claims())
    first = await known.verify(token)
    assert await known.verify(token) is first
    assert keys.asked_for == [KEY.kid]
    keys.held = make_ring(make_key())
    with pytest.raises(InvalidToken):
        await known.verify(token)


async def test_a_refusal_is_not_remembered_as_a_success() -> None:
    known = verifier()
    for _ in range(2):
        with pytest.raises(InvalidToken):
            await known.verify("a.b.c")


def test_the_challenge_tells_no_reason() -> None:
    assert InvalidToken().response_headers == {
        "WWW-Authenticate": 'Bearer realm="pacnum", error="invalid_token"'
    }
