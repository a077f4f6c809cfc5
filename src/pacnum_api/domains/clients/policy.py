"""Decisions about clients, free of clock and chance."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote_plus

from pacnum_api.domains.clients.errors import (
    InvalidClient,
    InvalidClientDefinition,
    InvalidScope,
    InvalidTokenRequest,
    TokenRequestNotForm,
    UnsupportedGrantType,
)
from pacnum_api.domains.clients.types import (
    ASSERTION_TYPE,
    AssertionProof,
    ClientDefinition,
    GrantType,
    SecretProof,
    TokenOrder,
    TokenRequest,
    UsedAssertion,
)
from pacnum_api.kernel.errors import FieldFault, JsonValue
from pacnum_api.platform.auth.scopes import Scope, unknown_scopes

FORM = "application/x-www-form-urlencoded"
LONGEST_ASSERTION_LIFE = timedelta(minutes=10)
CLOCK_DIFFERENCE = timedelta(seconds=30)
"""How wrong a partner's clock may be."""

_PARAMETERS = frozenset(
    {
        "grant_type",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion_type",
        "client_assertion",
    }
)
"""Others are ignored (RFC 6749, section 3.2)."""

MOST_PARAMETERS = 100
LONGEST_JTI = 200
LONGEST_NAME = 100
MOST_KEYS = 10
MOST_ORIGINS = 50
_SMALLEST_RSA_BITS = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_ORIGIN = re.compile(r"https?://([a-z0-9.\-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?")


def read_order(request: TokenRequest) -> TokenOrder:
    """Make sense of a token request (RFC 6749, sections 2.3 and 4.4.2; RFC 7523, section 2.2).

    Raises TokenRequestNotForm, InvalidTokenRequest, UnsupportedGrantType, or InvalidClient when no
    proof of identity came.
    """
    if request.content_type.partition(";")[0].strip().lower() != FORM:
        raise TokenRequestNotForm
    form = _read_form(request.body)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidTokenRequest("The parameter grant_type is missing.")
    proof = _read_proof(form, request.authorization)
    if grant_type != GrantType.CLIENT_CREDENTIALS:
        raise UnsupportedGrantType
    return TokenOrder(proof=proof, scope=form.get("scope"))


def _read_form(body: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError as error:
        raise InvalidTokenRequest from error
    pairs = [(name, value) for name, value in pairs if name in _PARAMETERS]
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidTokenRequest("A parameter came more than once.")
    return form


def _read_proof(form: Mapping[str, str], authorization: str | None) -> SecretProof | AssertionProof:
    # a header of another scheme (a Bearer token sent everywhere) is no client authentication
    scheme, _, encoded = (authorization or "").partition(" ")
    has_basic = scheme.lower() == "basic"
    has_assertion = "client_assertion" in form or "client_assertion_type" in form
    if has_basic + ("client_secret" in form) + has_assertion > 1:
        raise InvalidTokenRequest("Use one way of client authentication, not several.")
    if has_basic:
        return _read_basic(encoded, form.get("client_id"))
    if has_assertion:
        return _read_assertion(form)
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if client_id is None or secret is None:
        raise InvalidClient("No client authentication came with the request.")
    return SecretProof(client_id=client_id, secret=secret)


def _read_basic(encoded: str, client_id_parameter: str | None) -> SecretProof:
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = plain.partition(":")
        # RFC 6749, 2.3.1: both parts are form-encoded before they are joined
        proof = SecretProof(
            unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (binascii.Error, ValueError) as error:
        raise InvalidClient from error
    if not colon:
        raise InvalidClient
    if client_id_parameter is not None and client_id_parameter != proof.client_id:
        raise InvalidTokenRequest("The parameter client_id names another client.")
    return proof


def _read_assertion(form: Mapping[str, str]) -> AssertionProof:
    assertion = form.get("client_assertion")
    if assertion is None or form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidTokenRequest(
            f"An assertion needs client_assertion and client_assertion_type={ASSERTION_TYPE}."
        )
    return AssertionProof(assertion=assertion, client_id=form.get("client_id"))


def granted_scopes(requested: str | None, held: frozenset[str]) -> frozenset[str]:
    """What the token will carry: what was asked for, or all. Raises InvalidScope, never narrows."""
    if requested is None:
        return held
    names = frozenset(requested.split())
    if not names or not names <= held:
        raise InvalidScope
    return names


def check_assertion(
    claims: Mapping[str, object], *, client_id: str, audiences: Sequence[str], now: datetime
) -> UsedAssertion:
    """Hold a client's assertion against RFC 7523, section 3. Raises InvalidClient.

    ``audiences``: the names that this server answers to, one of which `aud` must hold. The
    assertion may live ten minutes at most, so that replays need not be remembered for longer.
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise InvalidClient("The assertion must have the client_id as iss and as sub.")
    named = claims.get("aud")
    named = named if isinstance(named, list) else [named]
    if not any(audience in named for audience in audiences):
        raise InvalidClient("The assertion is meant for another audience.")
    expires_at = _instant(claims.get("exp"))
    if expires_at is None or not now - CLOCK_DIFFERENCE < expires_at:
        raise InvalidClient("The assertion has expired or has no exp.")
    if expires_at > now + LONGEST_ASSERTION_LIFE + CLOCK_DIFFERENCE:
        raise InvalidClient("The assertion lives longer than ten minutes.")
    _check_start(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI or "\x00" in jti:
        raise InvalidClient(f"The assertion needs a jti of at most {LONGEST_JTI} characters.")
    return UsedAssertion(jti=jti, expires_at=expires_at + CLOCK_DIFFERENCE)


def _check_start(claims: Mapping[str, object], now: datetime) -> None:
    for name in ("nbf", "iat"):
        if name in claims:
            instant = _instant(claims[name])
            if instant is None or instant > now + CLOCK_DIFFERENCE:
                raise InvalidClient(f"The assertion begins in the future, by its {name}.")


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def check_definition(definition: ClientDefinition) -> None:
    """Refuse a client that could not work. Raises InvalidClientDefinition naming every fault."""
    faults: list[FieldFault] = []
    unknown = unknown_scopes(definition.scopes)
    if unknown:
        known = ", ".join(Scope)
        faults.append(
            FieldFault("/scopes", f"unknown: {', '.join(unknown)}; the scopes are: {known}")
        )
    if not definition.scopes:
        faults.append(FieldFault("/scopes", "expected at least one scope"))
    if not 0 < len(definition.name.strip()) <= LONGEST_NAME or "\x00" in definition.name:
        faults.append(FieldFault("/name", f"expected 1 to {LONGEST_NAME} characters"))
    if not 1 <= definition.rate_limit_per_minute <= 1_000_000:
        faults.append(FieldFault("/rate_limit_per_minute", "expected 1 to 1000000"))
    faults += _faults_of_origins(definition.cors_origins)
    if definition.jwks is not None:
        faults += _faults_of_jwks(definition.jwks)
    if faults:
        raise InvalidClientDefinition(faults=faults)


def _faults_of_origins(origins: frozenset[str]) -> list[FieldFault]:
    faults = [
        FieldFault("/cors_origins", f"not an origin (https://host[:port], lower case): {origin}")
        for origin in sorted(origins)
        if _ORIGIN.fullmatch(origin) is None
    ]
    if len(origins) > MOST_ORIGINS:
        faults.append(FieldFault("/cors_origins", f"expected at most {MOST_ORIGINS}"))
    return faults


def _faults_of_jwks(jwks: Mapping[str, JsonValue]) -> list[FieldFault]:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        return [FieldFault("/jwks/keys", f"expected 1 to {MOST_KEYS} public keys")]
    found = [(f"/jwks/keys/{index}", _fault_of_key(key)) for index, key in enumerate(keys)]
    return [FieldFault(pointer, fault) for pointer, fault in found if fault is not None]


def _fault_of_key(key: JsonValue) -> str | None:
    if not isinstance(key, dict):
        return "expected a JSON Web Key"
    if _PRIVATE_MEMBERS & key.keys():
        return "this holds a private key: keep that, and send the public part"
    if key.get("kty") not in {"EC", "OKP", "RSA"}:
        return "expected a key of type EC, OKP or RSA"
    modulus = key.get("n")
    # base64url: six bits a character
    is_rsa = key.get("kty") == "RSA"
    if is_rsa and not (isinstance(modulus, str) and len(modulus) * 6 >= _SMALLEST_RSA_BITS):
        return f"expected an RSA key of at least {_SMALLEST_RSA_BITS} bits"
    return None
