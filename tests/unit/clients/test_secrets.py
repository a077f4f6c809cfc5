"""Secrets: strong, kept as hashes, verified off the event loop and never in a crowd."""

import pytest

from pacnum_api.domains.clients.errors import TokenEndpointBusy
from pacnum_api.domains.clients.service import secrets


def test_a_secret_is_long_and_never_the_same() -> None:
    drawn = {secrets.draw_secret() for _ in range(50)}
    assert len(drawn) == 50
    assert all(secret.startswith("pcs_") and len(secret) >= 47 for secret in drawn)


def test_the_hash_is_argon2id_and_salted() -> None:
    first, second = secrets.hash_secret("s"), secrets.hash_secret("s")
    assert first.startswith("$argon2id$")
    assert first != second


async def test_any_of_the_hashes_will_do() -> None:
    hashes = [secrets.hash_secret("new"), secrets.hash_secret("old")]
    assert await secrets.verify_secret("new", hashes)
    assert await secrets.verify_secret("old", hashes)
    assert not await secrets.verify_secret("other", hashes)
    assert not await secrets.verify_secret("", hashes)


async def test_a_damaged_hash_fits_nothing() -> None:
    assert not await secrets.verify_secret("s", ["not a hash"])


async def test_without_a_hash_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    genuine = secrets._verify

    def noted(known: str, shown: str) -> bool:
        tried.append(known)
        return genuine(known, shown)

    monkeypatch.setattr(secrets, "_verify", noted)
    assert not await secrets.verify_secret("s", [])
    assert len(tried) == 1
    # the same parameters: hence the same time
    assert tried[0].split("$")[:4] == secrets.hash_secret("s").split("$")[:4]


async def test_an_overlong_secret_is_not_hashed() -> None:
    long = "x" * 201
    assert not await secrets.verify_secret(long, [secrets.hash_secret(long)])


async def test_a_crowd_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOST_WAITING", 0)
    with pytest.raises(TokenEndpointBusy):
        await secrets.verify_secret("s", [])
