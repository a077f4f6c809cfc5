"""Tokens for clients that sign with a key of their own (RFC 7523)."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from pacnum_api.domains.clients.types import ASSERTION_TYPE
from pacnum_api.platform.auth.signatures import sign, unverified_claims
from tests.conftest import PUBLIC_URL
from tests.integration.clients.conftest import Client, ClientMaker, TokenDesk

KEYS: dict[str, Callable[[], Key]] = {
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "ES384": lambda: ECKey.generate_key("P-384"),
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
}


def claims_for(client: Client, **change: object) -> dict[str, object]:
    now = int(time.time())
    claims = {
        "iss": str(client.client_id),
        "sub": str(client.client_id),
        "aud": f"{PUBLIC_URL}/oauth/token",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        **change,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def assertion(client: Client, key: Key, *, algorithm: str = "ES256", **change: object) -> str:
    return sign(claims_for(client, **change), key=key, algorithm=algorithm, token_type="JWT")


Signer = tuple[Client, Key]


@pytest.fixture
async def signer(make_client: ClientMaker) -> Signer:
    key = ECKey.generate_key("P-256")
    return await make_client(jwks={"keys": [key.as_dict(private=False)]}), key


@pytest.fixture
def show(desk: TokenDesk) -> Callable[..., Awaitable[httpx.Response]]:
    async def ask(text: str, **form: str) -> httpx.Response:
        shown = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
        return await desk.ask({**shown, **form})

    return ask


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_every_allowed_algorithm(
    make_client: ClientMaker, show: Callable[..., Awaitable[httpx.Response]], algorithm: str
) -> None:
    key = KEYS[algorithm]()
    client = await make_client(jwks={"keys": [key.as_dict(private=False)]})
    answer = await show(assertion(client, key, algorithm=algorithm))
    assert answer.status_code == 200
    claims = unverified_claims(answer.json()["access_token"])
    assert claims["sub"] == str(client.client_id)


@pytest.mark.parametrize("audience", [PUBLIC_URL, [PUBLIC_URL, "https://other.example"]])
async def test_the_issuer_is_an_audience_too(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]], audience: object
) -> None:
    assert (await show(assertion(*signer, aud=audience))).status_code == 200


async def test_the_key_named_is_the_key_used(
    make_client: ClientMaker, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    old, new = (
        ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid})
        for kid in ("old", "new")
    )
    client = await make_client(jwks={"keys": [key.as_dict(private=False) for key in (old, new)]})
    assert (await show(assertion(client, new))).status_code == 200
    assert (await show(assertion(client, old))).status_code == 200
    posing = ECKey.import_key({**new.as_dict(private=True), "kid": "old"})
    assert (await show(assertion(client, posing))).status_code == 401


async def test_an_assertion_serves_once(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    text = assertion(*signer)
    assert (await show(text)).status_code == 200
    again = await show(text)
    assert again.status_code == 401
    assert again.json()["error"] == "invalid_client"


async def test_of_many_at_once_one_gets_a_token(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    text = assertion(*signer)
    answers = await asyncio.gather(*(show(text) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


async def test_two_clients_may_use_the_same_jti(
    make_client: ClientMaker, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    key = ECKey.generate_key("P-256")
    for _ in range(2):
        client = await make_client(jwks={"keys": [key.as_dict(private=False)]})
        assert (await show(assertion(client, key, jti="the same"))).status_code == 200


async def test_a_refused_assertion_is_not_used_up(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]], owner: asyncpg.Connection
) -> None:
    client, _ = signer
    await show(assertion(client, ECKey.generate_key("P-256"), jti="forged"))
    kept = await owner.fetchval(
        "SELECT count(*) FROM client_assertions WHERE client_id = $1", client.client_id
    )
    assert kept == 0


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://other.example"},
        {"exp": 1},
        {"exp": ...},
        {"jti": ...},
        {"iss": "someone"},
        {"sub": str(uuid4())},
        {"sub": 7},
        {"exp": int(time.time()) + 86_400},
    ],
)
async def test_a_wrong_claim_is_refused(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]], change: dict[str, Any]
) -> None:
    answer = await show(assertion(*signer, **change))
    assert answer.status_code == 401


async def test_the_parameter_must_name_the_same_client(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    client, _ = signer
    assert (await show(assertion(*signer), client_id=str(client.client_id))).status_code == 200
    assert (await show(assertion(*signer), client_id=str(uuid4()))).status_code == 401


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_forged_assertions_are_refused(
    signer: Signer, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    client, key = signer
    claims = _segment(claims_for(client))
    mac_input = f"{_segment({'alg': 'HS256'})}.{claims}"
    public = json.dumps(key.as_dict(private=False)).encode()
    mac = base64.urlsafe_b64encode(hmac.digest(public, mac_input.encode(), hashlib.sha256))
    forged = [
        f"{_segment({'alg': 'none'})}.{claims}.",
        f"{mac_input}.{mac.decode().rstrip('=')}",
        assertion(client, ECKey.generate_key("P-256")),
        assertion(client, OKPKey.generate_key("Ed25519"), algorithm="EdDSA"),
        assertion(*signer)[:-4] + "AAAA",
        "a.b.c",
        "x" * 50_000,
    ]
    answers = [await show(text) for text in forged]
    assert [answer.status_code for answer in answers] == [401] * len(forged)


async def test_a_client_with_a_secret_cannot_use_assertions_nor_the_other_way_round(
    make_client: ClientMaker, signer: Signer, show: Callable[..., Awaitable[httpx.Response]]
) -> None:
    client, key = signer
    with_secret = await make_client()
    assert (await show(assertion(with_secret, key))).status_code == 401
    asked = await show("", client_id=str(client.client_id), client_secret="")
    assert asked.status_code == 400
