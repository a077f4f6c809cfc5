"""Signed compact tokens (RFC 7515): algorithm and key are ours to choose, never the token's."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

LONGEST_TOKEN_BYTES = 8192


class BadSignature(Exception):
    """The text is no compact token, or this key did not sign it with this algorithm."""


class _OneAlgorithm(jws.JWSRegistry):
    """Allows what it is given and nothing else.

    joserfc warns about the name `EdDSA`, which RFC 9864 replaces by `Ed25519`; the libraries of
    partners know only the older name, so it stays, without a warning per token.
    """

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm], strict_check_header=False)
        self._algorithm = algorithm

    def get_alg(self, name: str) -> Any:  # joserfc does not export the type
        if name != self._algorithm:
            message = "another algorithm than the key's"
            raise BadSignature(message)
        return self.algorithms[name]


def sign(payload: Mapping[str, object], *, key: Key, algorithm: str, token_type: str) -> str:
    """A compact token over the payload, with `alg`, `kid` and `typ` in its header."""
    header: dict[str, object] = {"alg": algorithm, "typ": token_type}
    if key.kid is not None:
        header["kid"] = key.kid
    text = json.dumps(payload, separators=(",", ":"))
    return jws.serialize_compact(header, text, key, registry=_OneAlgorithm(algorithm))


def unverified_header(token: str) -> Mapping[str, object]:
    """The header as sent, to find the key by. Raises BadSignature unless it is a sound one.

    `crit` is refused (RFC 7515, 4.1.11: we understand none), and so is unencoded content.
    """
    if len(token) > LONGEST_TOKEN_BYTES or not token.isascii():
        raise BadSignature
    header = _json_object(token, 0)
    if "crit" in header or "b64" in header:
        raise BadSignature
    return header


def unverified_claims(token: str) -> Mapping[str, object]:
    """The claims as sent, only to learn whose key to look for. Raises BadSignature."""
    unverified_header(token)
    return _json_object(token, 1)


def _json_object(token: str, segment: int) -> Mapping[str, object]:
    segments = token.split(".")
    if len(segments) != 3:  # header, payload, signature
        raise BadSignature
    try:
        value = json.loads(urlsafe_b64decode(segments[segment].encode()))
    except (ValueError, RecursionError) as error:
        raise BadSignature from error
    if not isinstance(value, dict):
        raise BadSignature
    return value


def verified_payload(token: str, *, key: Key, algorithms: Collection[str]) -> bytes:
    """The payload that this key signed. Raises BadSignature otherwise.

    The header's algorithm must be one of ``algorithms`` and fit the key's type and curve.
    """
    algorithm = unverified_header(token).get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise BadSignature
    try:
        signed = jws.deserialize_compact(token, key, registry=_OneAlgorithm(algorithm))
    except (JoseError, ValueError) as error:
        raise BadSignature from error
    if signed.payload is None:
        raise BadSignature
    return signed.payload
