"""Likelihoods of tests that run side by side, in the two orders in which versions multiply."""

from typing import Protocol

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, IntArray


class Likelihoods(Protocol):
    """Prior times the probabilities of the answers, for each of A tests."""

    def mass(self, rows: slice) -> FloatArray:
        """Return the products of some of the tests, (tests, 201), not to be written to."""
        ...

    def take(self, rows: IntArray) -> None:
        """Take one more answer of each test in, (A,): rows of the bank's likelihood."""
        ...

    def keep(self, rows: BoolArray | IntArray) -> None:
        """Go on with the tests in the mask alone, or with those numbered, in that order."""
        ...


class AsGiven:
    """Prior times the answers' probabilities in the order given, (A, 201): one product a step."""

    def __init__(self, table: FloatArray, before: FloatArray, *, count: int) -> None:
        self._table = table
        self._mass = np.repeat(before[None, :], count, axis=0)

    def mass(self, rows: slice) -> FloatArray:
        return self._mass[rows]

    def take(self, rows: IntArray) -> None:
        self._mass *= self._table[rows]

    def keep(self, rows: BoolArray | IntArray) -> None:
        self._mass = self._mass[rows]


class InBankOrder:
    """Prior times the answers' probabilities in the order of the bank, scaled, (A, 201).

    ``joint_estimation.Answers.likelihood`` row for row; made anew at each step.
    """

    def __init__(self, table: FloatArray, before: FloatArray, *, count: int) -> None:
        self._table, self._before = table, before
        self._rows = np.zeros((count, 0), dtype=np.int64)

    def mass(self, rows: slice) -> FloatArray:
        answered = self._rows[rows]
        if not answered.shape[1]:
            return np.repeat(self._before[None, :], len(answered), axis=0)
        product = self._table[answered[:, 0]]
        for place in range(1, answered.shape[1]):
            product *= self._table[answered[:, place]]
        product /= product.max(axis=1)[:, None]
        product *= self._before
        return product

    def take(self, rows: IntArray) -> None:
        self._rows = np.sort(np.concatenate((self._rows, rows[:, None]), axis=1), axis=1)

    def keep(self, rows: BoolArray | IntArray) -> None:
        self._rows = self._rows[rows]
