"""The generator is part of every session"s record: its outputs must never change."""

from collections import Counter

import pytest

from pacnum_api.domains.items.policy.seeded_stream import SeededStream


def test_words_are_those_of_splitmix64() -> None:
    """Reference outputs for seed 1234567 (Vigna"s splitmix64.c, as tested by many ports)."""
    stream = SeededStream(0)
    stream._state = 1234567
    assert [stream.word() for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


GOLDEN_ORDER = ("e", "a", "d", "c", "b")
GOLDEN_DIGITS = [0, 3, 5, 0, 3, 8, 1, 4, 1, 8, 3, 0]


def test_derived_draws_are_frozen() -> None:
    stream = SeededStream(42, "1.1-3-item", "labels", "options")
    assert stream.shuffled(("a", "b", "c", "d", "e")) == GOLDEN_ORDER
    assert [stream.below(10) for _ in range(12)] == GOLDEN_DIGITS


def test_names_make_independent_streams() -> None:
    words = {
        SeededStream(7, *names).word() for names in [(), ("a",), ("a", "b"), ("ab",), ("b", "a")]
    }
    assert len(words) == 5


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
def test_below_is_even(count: int) -> None:
    stream = SeededStream(3, "even")
    drawn = Counter(stream.below(count) for _ in range(2000 * count))
    assert set(drawn) == set(range(count))
    assert max(abs(number - 2000) for number in drawn.values()) < 250  # over 5 standard deviations


def test_below_redraws_the_incomplete_run(monkeypatch: pytest.MonkeyPatch) -> None:
    words = iter([(1 << 64) - 1, 5])  # the first lies beyond the last whole run of 3
    monkeypatch.setattr(SeededStream, "word", lambda _self: next(words))
    assert SeededStream(0).below(3) == 2


def test_shuffles_are_even() -> None:
    stream = SeededStream(9, "orders")
    orders = Counter(stream.shuffled("abc") for _ in range(6000))
    assert len(orders) == 6
    assert max(abs(number - 1000) for number in orders.values()) < 160
