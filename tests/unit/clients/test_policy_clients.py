"""Assertions and client definitions, held against their rules."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pacnum_api.domains.clients import policy
from pacnum_api.domains.clients.errors import InvalidClient, InvalidClientDefinition
from pacnum_api.domains.clients.types import ClientDefinition, UsedAssertion
from pacnum_api.platform.auth.scopes import SESSION_SCOPE, Scope

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CLIENT = "01999999-0000-7000-8000-000000000001"
AUDIENCES = ["https://pacnum.example/oauth/token", "https://pacnum.example"]


def at(**after: float) -> float:
    return (NOW + timedelta(**after)).timestamp()


GOOD: Mapping[str, object] = {
    "iss": CLIENT,
    "sub": CLIENT,
    "aud": AUDIENCES[0],
    "exp": at(minutes=5),
    "jti": "one",
}


def check(**change: object) -> UsedAssertion:
    claims = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    return policy.check_assertion(claims, client_id=CLIENT, audiences=AUDIENCES, now=NOW)


def test_a_good_assertion_is_remembered_until_it_could_not_be_replayed() -> None:
    used = check()
    assert used.jti == "one"
    assert used.expires_at == NOW + timedelta(minutes=5) + policy.CLOCK_DIFFERENCE


@pytest.mark.parametrize(
    "change",
    [
        {"aud": AUDIENCES[1]},
        {"aud": ["https://other.example", AUDIENCES[0]]},
        {"exp": at(minutes=10)},
        {"exp": at(seconds=-29)},
        {"iat": at(seconds=29)},
        {"nbf": at(minutes=-5)},
        {"jti": "x" * 200},
    ],
)
def test_within_the_rules(change: dict[str, object]) -> None:
    assert isinstance(check(**change), UsedAssertion)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"iss": ...},
        {"sub": ...},
        {"aud": ...},
        {"aud": "https://other.example"},
        {"aud": []},
        {"aud": {}},
        {"exp": ...},
        {"exp": at(seconds=-31)},
        {"exp": at(minutes=11)},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"iat": at(seconds=31)},
        {"iat": "now"},
        {"nbf": at(minutes=1)},
        {"jti": ...},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
        {"jti": "a\x00b"},
    ],
)
def test_beside_the_rules(change: dict[str, object]) -> None:
    with pytest.raises(InvalidClient):
        check(**change)


def faults_of(**change: Any) -> list[str]:
    definition = ClientDefinition(
        **{"name": "front end", "scopes": frozenset({"items:read"}), **change}
    )
    with pytest.raises(InvalidClientDefinition) as refusal:
        policy.check_definition(definition)
    return [f"{fault.pointer} {fault.message}" for fault in refusal.value.faults]


EC_KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"scopes": frozenset(Scope)},
        {"name": "x" * 100},
        {"rate_limit_per_minute": 1},
        {
            "cors_origins": frozenset(
                {"https://a.example", "http://localhost:3000", "https://[::1]:8"}
            )
        },
        {"jwks": {"keys": [EC_KEY, {"kty": "OKP"}, {"kty": "RSA", "n": "A" * 342, "e": "AQAB"}]}},
    ],
)
def test_a_client_that_can_work(change: dict[str, Any]) -> None:
    policy.check_definition(
        ClientDefinition(**{"name": "a", "scopes": frozenset({"items:read"}), **change})
    )


def test_unknown_scopes_are_named_beside_all_known_ones() -> None:
    (fault,) = faults_of(scopes=frozenset({"items:read", "items:burn", SESSION_SCOPE}))
    assert fault.startswith(f"/scopes unknown: items:burn, {SESSION_SCOPE}; the scopes are: ")
    assert all(scope in fault for scope in Scope)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scopes": frozenset()}, "/scopes"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "a\x00"}, "/name"),
        ({"rate_limit_per_minute": 0}, "/rate_limit_per_minute"),
        ({"rate_limit_per_minute": 1_000_001}, "/rate_limit_per_minute"),
        ({"cors_origins": frozenset({"*"})}, "/cors_origins"),
        ({"cors_origins": frozenset({"null"})}, "/cors_origins"),
        ({"cors_origins": frozenset({"https://a.example/"})}, "/cors_origins"),
        ({"cors_origins": frozenset({"https://A.example"})}, "/cors_origins"),
        ({"cors_origins": frozenset({"ftp://a.example"})}, "/cors_origins"),
        ({"cors_origins": frozenset(f"https://a{n}.example" for n in range(51))}, "/cors_origins"),
        ({"jwks": {}}, "/jwks/keys"),
        ({"jwks": {"keys": []}}, "/jwks/keys"),
        ({"jwks": {"keys": [EC_KEY] * 11}}, "/jwks/keys"),
        ({"jwks": {"keys": ["text"]}}, "/jwks/keys/0"),
        ({"jwks": {"keys": [EC_KEY, {**EC_KEY, "d": "d"}]}}, "/jwks/keys/1"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "k"}]}}, "/jwks/keys/0"),
        ({"jwks": {"keys": [{"kty": "oct"}]}}, "/jwks/keys/0"),
        ({"jwks": {"keys": [{"kty": "RSA", "n": "A" * 171}]}}, "/jwks/keys/0"),
        ({"jwks": {"keys": [{"kty": "RSA"}]}}, "/jwks/keys/0"),
    ],
)
def test_a_client_that_cannot_work(change: dict[str, Any], pointer: str) -> None:
    (fault,) = faults_of(**change)
    assert fault.startswith(pointer + " ")


def test_every_fault_is_told_at_once() -> None:
    assert len(faults_of(name="", scopes=frozenset(), rate_limit_per_minute=0)) == 3
