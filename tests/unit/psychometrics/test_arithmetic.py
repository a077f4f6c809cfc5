import hashlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import logistic, stable_exp, uniform

# exp at these places, as rounded by the polynomial; a change is a new algorithm version
EXPECTED_EXP_BITS = [
    "0x1.0998b04bdd190p-53",
    "0x1.78b56362cef38p-2",
    "0x1.0000000000000p+0",
    "0x1.6a09e443976b4p+0",
    "0x1.5bf0a8b14576ap+1",
    "0x1.7d6c4f0bcdd5cp+29",
]
finite = st.floats(min_value=-700.0, max_value=700.0)


@given(finite)
def test_stable_exp_is_within_two_units_in_the_last_place(x: float) -> None:
    exact = math.exp(x)
    assert abs(float(stable_exp(np.array(x))) - exact) <= 2.0 * math.ulp(exact)


def test_stable_exp_has_fixed_bits() -> None:
    found = stable_exp(np.array([-36.7, -1.0, 0.0, 0.3465735, 1.0, 20.5]))
    assert [value.hex() for value in found.tolist()] == EXPECTED_EXP_BITS


@pytest.mark.parametrize("x", [-1e308, -800.0, 800.0, math.inf, -math.inf])
def test_stable_exp_stays_a_normal_number_far_out(x: float) -> None:
    found = float(stable_exp(np.array(x)))
    assert math.isfinite(found)
    assert found > 1e-305


@given(finite)
def test_logistic_and_its_complement_are_positive_and_add_up_to_one(x: float) -> None:
    low, high = float(logistic(np.array(x))), float(logistic(np.array(-x)))
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
