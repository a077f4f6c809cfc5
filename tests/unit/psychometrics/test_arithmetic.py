import hashlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics import arithmetic
from pacnum_api.psychometrics.arithmetic import (
    logistic_both,
    stable_decay,
    stable_exp,
    uniform,
    uniforms,
)

# exp at these places, as rounded by the polynomial; a change is a new algorithm version
EXPECTED_EXP_BITS = [
    "0x1.0998b04bdd190p-53",
    "0x1.78b56362cef38p-2",
    "0x1.0000000000000p+0",
    "0x1.6a09e443976b4p+0",
    "0x1.5bf0a8b14576ap+1",
    "0x1.7d6c4f0bcdd5cp+29",
]
EXPECTED_DECAY_BITS = [
    "0x1.0998b04bdd190p-53",
    "0x1.f42ed3f68e691p-19",
    "0x1.78b56362cef38p-2",
    "0x1.6a09e88c50119p-1",
    "0x1.fd4b27f36f6c0p-1",
    "0x1.0000000000000p+0",
]
finite = st.floats(min_value=-700.0, max_value=700.0)


@given(finite)
def test_stable_exp_is_within_two_units_in_the_last_place(x: float) -> None:
    exact = math.exp(x)
    assert abs(float(stable_exp(np.array(x))) - exact) <= 2.0 * math.ulp(exact)


def test_stable_exp_has_fixed_bits() -> None:
    found = stable_exp(np.array([-36.7, -1.0, 0.0, 0.3465735, 1.0, 20.5]))
    assert [value.hex() for value in found.tolist()] == EXPECTED_EXP_BITS


def test_the_powers_of_two_that_stable_decay_looks_up() -> None:
    powers = arithmetic._fractions()
    assert np.array_equal(powers, arithmetic._POWERS_OF_TWO)
    assert powers == pytest.approx(2.0 ** (np.arange(64) / 64.0), rel=5e-16)
    assert not powers.flags.writeable


@pytest.mark.parametrize("x", [-1e308, -800.0, 800.0, math.inf, -math.inf])
def test_stable_exp_stays_a_normal_number_far_out(x: float) -> None:
    found = float(stable_exp(np.array(x)))
    assert math.isfinite(found)
    assert found > 1e-305


@given(st.floats(min_value=-700.0, max_value=0.0))
def test_stable_decay_is_within_four_units_in_the_last_place(x: float) -> None:
    exact = math.exp(x)
    assert abs(float(stable_decay(np.array([x]))[0]) - exact) <= 4.0 * math.ulp(exact)


def test_stable_decay_has_fixed_bits() -> None:
    found = stable_decay(np.array([-36.7, -12.5, -1.0, -0.3465735, -0.0053, 0.0]))
    assert [value.hex() for value in found.tolist()] == EXPECTED_DECAY_BITS


def test_stable_decay_stays_a_normal_number_and_leaves_its_argument_alone() -> None:
    far = np.array([-1e308, -800.0, -700.0, -math.inf])
    before = far.copy()
    found = stable_decay(far)
    assert found.tolist() == [found[2]] * 4
    assert 1e-305 < found[2] < 1e-303
    assert np.array_equal(far, before)


@given(finite)
def test_logistic_and_its_complement_are_positive_and_add_up_to_one(x: float) -> None:
    low, high = (float(one) for one in logistic_both(np.array(x)))
    assert low > 0.0
    assert high > 0.0
    assert low + high == pytest.approx(1.0, abs=1e-15)
    assert low == pytest.approx(1.0 / (1.0 + math.exp(-x)), rel=1e-14)


def test_uniform_is_what_its_docstring_says() -> None:
    message = struct.pack("<QQ", 12345, 7) + b"item"
    bits = int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "little") >> 11
    assert uniform(12345, 7, purpose="item") == bits / 2**53


def test_uniform_takes_the_seed_modulo_two_to_the_64() -> None:
    assert uniform(-1, 1, purpose="item") == uniform(2**64 - 1, 1, purpose="item")
    assert uniform(2**63, 1, purpose="item") != uniform(0, 1, purpose="item")


def test_uniform_differs_by_seed_position_and_purpose() -> None:
    draws = {
        uniform(seed, position, purpose=purpose)
        for seed in range(10)
        for position in range(10)
        for purpose in ("item", "competence order")
    }
    assert len(draws) == 200


def test_uniform_draws_are_spread_evenly() -> None:
    draws = np.array([uniform(seed, 1, purpose="item") for seed in range(4000)])
    counts, _ = np.histogram(draws, bins=10, range=(0.0, 1.0))
    # chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand
    assert float(np.sum((counts - 400.0) ** 2 / 400.0)) < 27.9


def splitmix64(state: int) -> int:
    """The next number of Steele, Lea & Flood (2014), in whole numbers without bound."""
    mixed = state % 2**64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
    return mixed ^ (mixed >> 31)


@given(st.integers(-(2**64), 2**64), st.integers(1, 500))
def test_uniforms_are_splitmix64_from_a_hashed_start(seed: int, position: int) -> None:
    message = struct.pack("<QQ", seed % 2**64, position) + b"items"
    start = int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "little")
    expected = [
        (splitmix64(start + place * 0x9E3779B97F4A7C15) >> 11) / 2**53 for place in range(1, 6)
    ]
    assert uniforms(seed, position, count=5).tolist() == expected


def test_splitmix64_is_the_published_generator() -> None:
    # first outputs for the seed 1234567 in the authors' reference implementation
    gamma = 0x9E3779B97F4A7C15
    assert [splitmix64(1234567 + place * gamma) for place in (1, 2, 3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_uniforms_do_not_depend_on_how_many_are_asked_for() -> None:
    few, many = uniforms(5, 3, count=4), uniforms(5, 3, count=4000)
    assert np.array_equal(few, many[:4])
    assert uniforms(5, 3, count=0).shape == (0,)
    assert 0.0 <= many.min() < 0.01
    assert 0.99 < many.max() < 1.0


def test_uniforms_are_spread_evenly_along_items_and_along_seeds() -> None:
    along_items = uniforms(9, 1, count=4000)
    along_seeds = np.array([uniforms(seed, 1, count=1)[0] for seed in range(4000)])
    for draws in (along_items, along_seeds):
        counts, _ = np.histogram(draws, bins=10, range=(0.0, 1.0))
        assert float(np.sum((counts - 400.0) ** 2 / 400.0)) < 27.9
    next_position = uniforms(9, 2, count=4000)
    # the standard error of a correlation of nothing over 4000 pairs is 0.016
    assert abs(np.corrcoef(along_items, next_position)[0, 1]) < 0.06
    assert abs(np.corrcoef(along_items[1:], along_items[:-1])[0, 1]) < 0.06
