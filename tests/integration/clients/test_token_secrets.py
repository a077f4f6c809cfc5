"""Tokens for clients that hold a secret."""

import base64
from datetime import timedelta
from urllib.parse import quote_plus
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from pacnum_api.domains.clients import service
from pacnum_api.domains.clients.errors import (
    ClientHasNoSecret,
    ClientNotFound,
    ClientRevoked,
    InvalidClientDefinition,
)
from pacnum_api.platform.auth.signatures import unverified_claims
from pacnum_api.platform.database import Database
from tests.integration.clients.conftest import Client, ClientMaker, TokenDesk


async def test_a_secret_in_the_header_gets_a_token_that_works(
    desk: TokenDesk, make_client: ClientMaker, http: httpx.AsyncClient
) -> None:
    client = await make_client()
    answer = await desk.ask(auth=client.basic)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 600
    assert token["scope"] == "frameworks:read items:read"
    claims = unverified_claims(token["access_token"])
    assert claims["tenant_id"] == str(client.tenant_id)
    assert claims["sub"] == claims["client_id"] == str(client.client_id)
    reply = await http.get(
        "/v1/frameworks", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert reply.status_code == 200
    assert reply.headers["ratelimit-policy"] == '"client";q=6000;w=60'
    assert '"client";r=' in reply.headers["ratelimit"]


async def test_a_secret_in_the_form(desk: TokenDesk, make_client: ClientMaker) -> None:
    client = await make_client()
    answer = await desk.ask(client.form)
    assert answer.status_code == 200


async def test_the_header_is_form_encoded_before_it_is_joined(
    desk: TokenDesk, make_client: ClientMaker
) -> None:
    client = await make_client()
    secret = "".join(f"%{ord(letter):02x}" for letter in client.secret)
    pair = base64.b64encode(f"{quote_plus(str(client.client_id))}:{secret}".encode()).decode()
    answer = await desk.ask(headers={"Authorization": f"Basic {pair}"})
    assert answer.status_code == 200


async def refusals(desk: TokenDesk, client: Client) -> list[httpx.Response]:
    stranger = Client(uuid4(), uuid4(), client.secret)
    wrong = Client(client.tenant_id, client.client_id, client.secret[:-1])
    shouted = {**client.form, "client_id": str(client.client_id).upper()}
    odd = {**client.form, "client_id": "not-a-uuid"}
    return [
        await desk.ask(auth=wrong.basic),
        await desk.ask(wrong.form),
        await desk.ask(auth=stranger.basic),
        await desk.ask(stranger.form),
        await desk.ask(shouted),
        await desk.ask(odd),
    ]


async def test_a_wrong_secret_and_an_unknown_client_get_the_very_same_answer(
    desk: TokenDesk, make_client: ClientMaker
) -> None:
    answers = await refusals(desk, await make_client())
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["error"] == bodies[0]["code"] == "invalid_client"
    assert bodies[0]["error_description"] == bodies[0]["detail"]
    for answer in answers:
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "admin"}, 400, "invalid_scope"),
        ({"scope": "items:read admin"}, 400, "invalid_scope"),
        ({"client_assertion": "a.b.c"}, 400, "invalid_request"),
    ],
)
async def test_refusals_speak_oauth(
    desk: TokenDesk,
    make_client: ClientMaker,
    form: dict[str, str],
    *,
    status: int,
    error: str,
) -> None:
    client = await make_client()
    answer = await desk.ask({**client.form, **form})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_an_empty_secret_is_none(desk: TokenDesk, make_client: ClientMaker) -> None:
    client = await make_client()
    answer = await desk.ask({**client.form, "client_secret": ""})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_another_media_type_or_method(desk: TokenDesk, http: httpx.AsyncClient) -> None:
    answer = await http.post("/oauth/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (415, "invalid_request")
    assert (await http.get("/oauth/token")).status_code == 405


async def test_a_token_may_carry_fewer_scopes(desk: TokenDesk, make_client: ClientMaker) -> None:
    client = await make_client()
    answer = await desk.ask({"scope": "items:read"}, auth=client.basic)
    assert answer.json()["scope"] == "items:read"
    assert unverified_claims(answer.json()["access_token"])["scope"] == "items:read"


async def test_while_a_secret_is_renewed_both_are_good_and_older_ones_are_not(
    desk: TokenDesk, make_client: ClientMaker, database: Database
) -> None:
    first = await make_client()

    async def rotate(hours: int) -> Client:
        async with database.unit_of_work(first.tenant_id) as uow:
            new = await service.rotate_secret(uow, first.client_id, overlap=timedelta(hours=hours))
        return Client(first.tenant_id, first.client_id, new.client_secret or "")

    second = await rotate(24)
    assert (await desk.ask(auth=first.basic)).status_code == 200
    assert (await desk.ask(auth=second.basic)).status_code == 200
    third = await rotate(24)
    assert (await desk.ask(auth=first.basic)).status_code == 401
    assert (await desk.ask(auth=second.basic)).status_code == 200
    fourth = await rotate(0)
    assert (await desk.ask(auth=third.basic)).status_code == 401
    assert (await desk.ask(auth=fourth.basic)).status_code == 200


async def test_a_revoked_client_gets_no_token_and_has_no_secret_to_renew(
    desk: TokenDesk, make_client: ClientMaker, database: Database
) -> None:
    client = await make_client()
    async with database.unit_of_work(client.tenant_id) as uow:
        await service.revoke_client(uow, client.client_id)
    assert (await desk.ask(auth=client.basic)).status_code == 401
    async with database.unit_of_work(client.tenant_id) as uow:
        await service.revoke_client(uow, client.client_id)
        with pytest.raises(ClientRevoked):
            await service.rotate_secret(uow, client.client_id, overlap=timedelta(0))


async def test_operators_of_one_tenant_reach_no_client_of_another(
    make_client: ClientMaker, database: Database
) -> None:
    mine, foreign = await make_client(), await make_client()
    async with database.unit_of_work(mine.tenant_id) as uow:
        with pytest.raises(ClientNotFound):
            await service.revoke_client(uow, foreign.client_id)
        listed = await service.list_clients(uow, tenant="mine")
    assert [client.client_id for client in listed] == [mine.client_id]


async def test_a_client_with_keys_has_no_secret(
    make_client: ClientMaker, database: Database
) -> None:
    jwks = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}]}
    client = await make_client(jwks=jwks)
    assert client.secret == ""
    async with database.unit_of_work(client.tenant_id) as uow:
        with pytest.raises(ClientHasNoSecret):
            await service.rotate_secret(uow, client.client_id, overlap=timedelta(0))


async def test_a_definition_with_faults_makes_nothing(
    make_client: ClientMaker, owner: asyncpg.Connection
) -> None:
    with pytest.raises(InvalidClientDefinition):
        await make_client(name="never made", scopes=frozenset({"nonsense"}))
    made = await owner.fetchval("SELECT count(*) FROM api_clients WHERE name = 'never made'")
    assert made == 0


async def test_the_secret_itself_is_kept_nowhere(
    make_client: ClientMaker, owner: asyncpg.Connection
) -> None:
    client = await make_client()
    row = await owner.fetchval(
        "SELECT to_jsonb(c)::text FROM api_clients c WHERE id = $1", client.client_id
    )
    assert "$argon2id$" in row
    assert client.secret not in row
    assert client.secret.removeprefix("pcs_") not in row


async def test_what_the_server_publishes(app: FastAPI, http: httpx.AsyncClient) -> None:
    ring = await app.state.gate.keys.ring()
    keys = await http.get("/.well-known/jwks.json")
    assert keys.status_code == 200
    assert keys.headers["cache-control"] == "public, max-age=300"
    assert {key["kid"] for key in keys.json()["keys"]} == {key.kid for key in ring.keys}
    for key in keys.json()["keys"]:
        assert set(key) == {"kid", "kty", "crv", "x", "alg", "use"}
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == ring.issuer
    assert metadata["token_endpoint"] == f"{ring.issuer}/oauth/token"
    assert metadata["jwks_uri"] == f"{ring.issuer}/.well-known/jwks.json"
    assert metadata["grant_types_supported"] == ["client_credentials"]
    assert set(metadata["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    }
    assert "none" not in metadata["token_endpoint_auth_signing_alg_values_supported"]
    assert "test_sessions:run" in metadata["scopes_supported"]
    assert "test_session:self" not in metadata["scopes_supported"]
