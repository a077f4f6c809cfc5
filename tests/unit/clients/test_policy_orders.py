"""What a token request may look like, and what becomes of each way to get it wrong."""

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.clients import policy
from pacnum_api.domains.clients.errors import (
    InvalidClient,
    InvalidScope,
    InvalidTokenRequest,
    TokenRefused,
    TokenRequestNotForm,
    UnsupportedGrantType,
)
from pacnum_api.domains.clients.types import (
    ASSERTION_TYPE,
    AssertionProof,
    SecretProof,
    TokenOrder,
    TokenRequest,
)

FORM = "application/x-www-form-urlencoded"
GRANT = {"grant_type": "client_credentials"}
SECRET = {"client_id": "abc", "client_secret": "s"}
ASSERTION = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "a.b.c"}


def basic(client_id: str, secret: str) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def order(
    form: Mapping[str, str] | bytes, *, authorization: str | None = None, content_type: str = FORM
) -> TokenOrder:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    return policy.read_order(TokenRequest(content_type, authorization, body))


def test_a_secret_in_the_form() -> None:
    found = order({**GRANT, **SECRET, "scope": "items:read results:read"})
    assert found == TokenOrder(SecretProof("abc", "s"), "items:read results:read")


@pytest.mark.parametrize("secret", ["s", "a:b", "a b+c%20", "é&="])
def test_a_secret_in_the_header_is_decoded_twice(secret: str) -> None:
    assert order(GRANT, authorization=basic("abc", secret)).proof == SecretProof("abc", secret)


def test_the_header_may_be_repeated_by_the_parameter() -> None:
    found = order({**GRANT, "client_id": "abc"}, authorization=basic("abc", "s"))
    assert found.proof == SecretProof("abc", "s")
    with pytest.raises(InvalidTokenRequest):
        order({**GRANT, "client_id": "other"}, authorization=basic("abc", "s"))


def test_an_assertion() -> None:
    assert order({**GRANT, **ASSERTION}).proof == AssertionProof("a.b.c", None)
    assert order({**GRANT, **ASSERTION, "client_id": "abc"}).proof == AssertionProof("a.b.c", "abc")


def test_parameters_nobody_knows_are_left_alone() -> None:
    assert order({**GRANT, **SECRET, "resource": "x"}).scope is None
    body = urlencode({**GRANT, **SECRET}).encode() + b"&resource=a&resource=b&nothing="
    assert order(body).proof == SecretProof("abc", "s")


def test_the_content_type_may_carry_parameters() -> None:
    assert order({**GRANT, **SECRET}, content_type=f"{FORM.upper()}; charset=utf-8").scope is None


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data"])
def test_another_content_type(content_type: str) -> None:
    with pytest.raises(TokenRequestNotForm):
        order({**GRANT, **SECRET}, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"grant_type",
        b"\xff\xfe",
        b"grant_type=%ff&client_id=a&client_secret=b",
        b"grant_type=client_credentials&grant_type=client_credentials&client_id=a&client_secret=b",
        b"&".join(b"a%d=1" % n for n in range(101)),
        urlencode(SECRET).encode(),
        urlencode({**GRANT, **SECRET, **ASSERTION}).encode(),
        urlencode({**GRANT, "client_assertion": "a.b.c"}).encode(),
        urlencode({**GRANT, **ASSERTION, "client_assertion_type": "other"}).encode(),
        urlencode({**GRANT, "client_assertion_type": ASSERTION_TYPE}).encode(),
    ],
)
def test_a_malformed_request(body: bytes) -> None:
    with pytest.raises(InvalidTokenRequest):
        order(body)


@pytest.mark.parametrize("form", [{**GRANT, **SECRET}, {**GRANT, **ASSERTION}])
def test_two_proofs_at_once(form: dict[str, str]) -> None:
    with pytest.raises(InvalidTokenRequest):
        order(form, authorization=basic("abc", "s"))


@pytest.mark.parametrize(
    "form", [GRANT, {**GRANT, "client_id": "a"}, {**GRANT, "client_secret": "b"}]
)
def test_no_proof(form: dict[str, str]) -> None:
    with pytest.raises(InvalidClient):
        order(form)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"a:%ff").decode(),
    ],
)
def test_an_unreadable_header(authorization: str) -> None:
    with pytest.raises(InvalidClient):
        order(GRANT, authorization=authorization)


def test_a_bearer_token_beside_the_proof_is_left_alone() -> None:
    assert order({**GRANT, **SECRET}, authorization="Bearer t").proof == SecretProof("abc", "s")


def test_another_grant_type() -> None:
    with pytest.raises(UnsupportedGrantType):
        order({"grant_type": "password", **SECRET})


@given(body=st.binary(max_size=200), authorization=st.none() | st.text(max_size=40))
def test_whatever_comes_is_an_order_or_a_refusal(body: bytes, authorization: str | None) -> None:
    found: TokenOrder | TokenRefused
    try:
        found = order(body, authorization=authorization)
    except TokenRefused as refusal:
        found = refusal
    assert isinstance(found, TokenOrder) or found.extra["error"] == found.oauth_error


HELD = frozenset({"items:read", "results:read"})


def test_scopes_all_or_those_asked_for() -> None:
    assert policy.granted_scopes(None, HELD) == HELD
    assert policy.granted_scopes("items:read", HELD) == {"items:read"}
    assert policy.granted_scopes("results:read items:read", HELD) == HELD


@pytest.mark.parametrize(
    "requested", ["", " ", "admin", "items:read admin", "nonsense", "test_session:self", "*"]
)
def test_a_scope_not_held_is_refused_not_narrowed(requested: str) -> None:
    with pytest.raises(InvalidScope):
        policy.granted_scopes(requested, HELD)


def test_a_refusal_speaks_oauth_too() -> None:
    refusal = InvalidClient()
    assert refusal.extra == {"error": "invalid_client", "error_description": refusal.detail}
    assert refusal.response_headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("refusal", TokenRefused.__subclasses__())
def test_descriptions_keep_to_the_characters_of_rfc_6749(refusal: type[TokenRefused]) -> None:
    text = refusal().detail
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & {'"', "\\"}
