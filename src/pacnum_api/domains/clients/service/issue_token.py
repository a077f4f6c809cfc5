"""The token endpoint: a client proves itself and gets a short-lived access token.

Data flow: form → order → the client's row (through the look-up door, no tenant known yet) → proof
checked → assertion remembered → scopes → token. It takes the database rather than a unit of work:
hashing takes tens of milliseconds, and no transaction is held open over it.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from pacnum_api.domains.clients import policy, repository
from pacnum_api.domains.clients.errors import InvalidClient
from pacnum_api.domains.clients.models import ApiClient
from pacnum_api.domains.clients.service.secrets import verify_secret
from pacnum_api.domains.clients.types import (
    AssertionAlgorithm,
    AssertionProof,
    Grant,
    SecretProof,
    TokenRequest,
)
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.keys import KeyRing
from pacnum_api.platform.auth.signatures import (
    BadSignature,
    unverified_claims,
    unverified_header,
    verified_payload,
)
from pacnum_api.platform.auth.tokens import issue_access_token
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import Database


async def issue_token(
    database: Database, request: TokenRequest, *, keys: KeyRing, lifetime: timedelta
) -> Grant:
    """An access token for a client that proves itself. Raises TokenRefused in all its kinds."""
    order = policy.read_order(request)
    if isinstance(order.proof, SecretProof):
        client = await _by_secret(database, order.proof, now=utc_now())
    else:
        client = await _by_assertion(database, order.proof, issuer=keys.issuer, now=utc_now())
    scopes = policy.granted_scopes(order.scope, frozenset(client.scopes))
    token = issue_access_token(
        keys, tenant_id=client.tenant_id, client_id=client.id, scopes=scopes, lifetime=lifetime
    )
    return Grant(
        access_token=token, expires_in_seconds=int(lifetime.total_seconds()), scopes=scopes
    )


async def _find_live(database: Database, client_id: str) -> ApiClient | None:
    try:
        identifier = UUID(client_id)
    except ValueError:
        return None
    if str(identifier) != client_id:  # UUID() also reads braces, URNs and missing hyphens
        return None
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        client = await repository.find_client_anywhere(uow, identifier)
    return client if client is not None and client.revoked_at is None else None


async def _by_secret(database: Database, proof: SecretProof, *, now: datetime) -> ApiClient:
    client = await _find_live(database, proof.client_id)
    hashes = _live_hashes(client, now) if client is not None else []
    fits = await verify_secret(proof.secret, hashes)
    if client is None or not fits:
        raise InvalidClient
    return client


def _live_hashes(client: ApiClient, now: datetime) -> list[str]:
    hashes = [client.secret_hash] if client.secret_hash is not None else []
    until = client.previous_secret_expires_at
    if client.previous_secret_hash is not None and until is not None and now < until:
        hashes.append(client.previous_secret_hash)
    return hashes


async def _by_assertion(
    database: Database, proof: AssertionProof, *, issuer: str, now: datetime
) -> ApiClient:
    client_id = _claimed_client(proof)
    client = await _find_live(database, client_id)
    if client is None or client.jwks is None:
        raise InvalidClient
    claims = _verified_claims(proof.assertion, client)
    used = policy.check_assertion(
        claims, client_id=client_id, audiences=[f"{issuer}/oauth/token", issuer], now=now
    )
    async with database.unit_of_work(client.tenant_id) as uow:
        if not await repository.add_assertion(uow, client.id, used=used):
            raise InvalidClient("The assertion has been used before.")
    return client


def _claimed_client(proof: AssertionProof) -> str:
    try:
        subject = unverified_claims(proof.assertion).get("sub")
    except BadSignature as error:
        raise InvalidClient from error
    if not isinstance(subject, str) or proof.client_id not in {None, subject}:
        raise InvalidClient
    return subject


def _verified_claims(assertion: str, client: ApiClient) -> dict[str, object]:
    """The claims, if one of the client's keys has signed them. Raises InvalidClient."""
    wanted = unverified_header(assertion).get("kid")
    for jwk in (client.jwks or {}).get("keys", []):
        if wanted is not None and jwk.get("kid") not in {None, wanted}:
            continue
        try:
            payload = verified_payload(
                assertion, key=JWKRegistry.import_key(jwk), algorithms=list(AssertionAlgorithm)
            )
        except (BadSignature, JoseError):
            continue
        claims: dict[str, object] = json.loads(payload)
        return claims
    raise InvalidClient
