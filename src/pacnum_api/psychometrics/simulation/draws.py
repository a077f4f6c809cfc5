"""Draws of many sessions at once: the numbers of ``arithmetic.uniform`` and ``uniforms``, bit for
bit, for each of A seeds. What is saved is the interpreter's time.
"""

import hashlib
import struct
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pacnum_api.psychometrics.arithmetic import FloatArray

WordArray = npt.NDArray[np.uint64]

_MASK_64 = 2**64 - 1
_TWO_TO_MINUS_53 = 2.0**-53
_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIXES = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST_SHIFT, _TO_53_BITS = np.uint64(31), np.uint64(11)
_NOTHING_YET = hashlib.blake2b(digest_size=8)


def seed_words(seeds: Iterable[int]) -> WordArray:
    """Return the seeds modulo 2**64, (A,): all that draws know of them."""
    return np.array([seed & _MASK_64 for seed in seeds], dtype=np.uint64)


def uniform_of_each(seeds: WordArray, position: int, *, purpose: str) -> FloatArray:
    """Return ``arithmetic.uniform`` of each seed (A,), as ``seed_words`` has them: (A,)."""
    return _fractions(_hashes(seeds, position, purpose=purpose))


def uniforms_of_each(seeds: WordArray, position: int, *, first: int, stop: int) -> FloatArray:
    """Return ``arithmetic.uniforms`` of each seed (A,) for the items ``first`` to ``stop - 1``:
    (A, stop - first).
    """
    start = _hashes(seeds, position, purpose="items")
    state = start[:, None] + np.arange(first + 1, stop + 1, dtype=np.uint64) * _GOLDEN_GAMMA
    shifted = np.empty_like(state)
    for shift, factor in _MIXES:
        state ^= np.right_shift(state, shift, out=shifted)
        state *= factor
    state ^= np.right_shift(state, _LAST_SHIFT, out=shifted)
    return _fractions(state)


def _fractions(words: WordArray) -> FloatArray:
    fractions: FloatArray = (words >> _TO_53_BITS).astype(np.float64)
    fractions *= _TWO_TO_MINUS_53
    return fractions


def _hashes(seeds: WordArray, position: int, *, purpose: str) -> WordArray:
    """Return 64 bits of BLAKE2b over seed, position and purpose, (A,)."""
    rest = struct.pack("<Q", position) + purpose.encode()
    packed, digests = seeds.astype("<u8").tobytes(), []
    for place in range(0, len(packed), 8):
        # A copy of an empty hash costs a third of a new one.
        one = _NOTHING_YET.copy()
        one.update(packed[place : place + 8] + rest)
        digests.append(one.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
