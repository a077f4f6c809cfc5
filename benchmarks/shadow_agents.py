"""Banks with a full blueprint, and simulated agents, for ``benchmarks.shadow_test``.

Simulated agents: one ability for each competence, N(0, 1). The value of an item is the expected
fall of its competence's variance V, V² I / (1 + V I), I at the present estimate; estimates move by
one Newton step per answer. That is not the service's estimation: it makes values change from step
to step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters
from pacnum_api.psychometrics.blueprint import Blueprint, Requirement, requirements_by_code
from pacnum_api.psychometrics.scale import provisional_difficulty
from pacnum_api.psychometrics.tables import BankTables

TYPE_SHARES = (0.3, 0.15, 0.1, 0.1, 0.1, 0.08, 0.07, 0.05, 0.05)
TYPE_CAP = 0.45
LEVELS_PER_BAND = 2
LEVELS = 8


@dataclass(frozen=True)
class Setting:
    """``areas``: the number of competences of each; pairs are (minimum, maximum) of items."""

    items: int
    length: int
    areas: tuple[int, ...]
    per_area: tuple[int, int]
    per_band: tuple[int, int]
    types_needed: int
    least_files: int
    families: int
    enemies: int


FULL = Setting(5000, 42, (4, 5, 4, 4, 4), (6, 11), (4, 20), 9, 10, 300, 150)
SMALL = Setting(1000, 20, (3, 4, 3), (4, 9), (2, 9), 4, 4, 60, 30)


@dataclass(frozen=True, eq=False)
class Bank:
    a: FloatArray
    b: FloatArray
    competence: IntArray
    competences: int
    blueprint: Blueprint


def bank(setting: Setting, *, is_calibrated: bool = True) -> Bank:
    rng = np.random.default_rng(42)
    size, competences = setting.items, sum(setting.areas)
    competence = np.arange(size) * competences // size
    level = rng.integers(1, LEVELS + 1, size)
    a, b = np.ones(size), np.array([provisional_difficulty(int(one)) for one in level])
    if is_calibrated:
        a, b = rng.lognormal(0.0, 0.3, size), b + rng.normal(0.0, 0.3, size)
    bands = dict.fromkeys(range(LEVELS // LEVELS_PER_BAND), setting.per_band)
    requirements = [
        *requirements_by_code(
            "competence", competence, counts=dict.fromkeys(range(competences), (1, 3))
        ),
        *area_requirements(setting, competence),
        *type_requirements(setting, rng.choice(len(TYPE_SHARES), size, p=TYPE_SHARES)),
        Requirement("files", rng.random(size) < 0.25, minimum=setting.least_files),
        *requirements_by_code("band", (level - 1) // LEVELS_PER_BAND, counts=bands),
    ]
    blueprint = Blueprint.build(
        requirements,
        excludes=exclusions(setting, competence, rng=rng),
        minimum_length=setting.length,
        maximum_length=setting.length,
    )
    return Bank(a, b, competence, competences, blueprint)


def exclusions(
    setting: Setting, competence: IntArray, *, rng: np.random.Generator
) -> tuple[IntArray, ...]:
    """Return what the bank's tables make of families of four and pairs of enemies."""
    size, competences = setting.items, sum(setting.areas)
    family = np.full(size, -1)
    for number in range(setting.families):
        alike = np.flatnonzero(competence == number % competences)
        family[rng.choice(alike, 4, replace=False)] = number
    enemies: list[tuple[int, ...]] = [()] * size
    for one, other in rng.choice(size, (setting.enemies, 2), replace=False):
        enemies[one] = (int(other),)
    columns = zip(competence.tolist(), family.tolist(), enemies, strict=True)
    items = [
        Item(ItemModel.ONE_PL, of, level=1, family=None if group < 0 else group, enemies=foes)
        for of, group, foes in columns
    ]
    parameters = ItemParameters.from_items(items)
    return BankTables.build(parameters, competence_count=competences).excludes


def area_requirements(setting: Setting, competence: IntArray) -> list[Requirement]:
    area_of = np.repeat(np.arange(len(setting.areas)), setting.areas)
    counts = dict.fromkeys(range(len(setting.areas)), setting.per_area)
    return requirements_by_code("area", area_of[competence], counts=counts)


def type_requirements(setting: Setting, kind: IntArray) -> list[Requirement]:
    needed = [Requirement(f"type {one}", kind == one, 1) for one in range(setting.types_needed)]
    capped = [
        Requirement.at_most_share(
            f"type {one}, cap", kind == one, share=TYPE_CAP, minimum_length=setting.length
        )
        for one in range(len(TYPE_SHARES))
    ]
    return needed + capped


class Agent:
    """A simulated agent and what is known of it. The answer to an item does not depend on the way
    the item was chosen.
    """

    def __init__(self, of: Bank, seed: int) -> None:
        rng = np.random.default_rng([43, seed])
        self.bank = of
        self.ability = rng.normal(size=of.competences)
        self.luck = rng.random(len(of.a))
        self.theta, self.variance = np.zeros(of.competences), np.ones(of.competences)

    def values(self) -> FloatArray:
        variance = self.variance[self.bank.competence]
        information = self._information(self.theta)
        values: FloatArray = variance**2 * information / (1.0 + variance * information)
        return values

    def answer(self, item: int) -> None:
        of, a = self.bank.competence[item], self.bank.a[item]
        expected = self._chance(self.theta)[item]
        is_right = self.luck[item] < self._chance(self.ability)[item]
        variance = self.variance[of]
        self.variance[of] = variance / (1.0 + variance * a * a * expected * (1.0 - expected))
        self.theta[of] += self.variance[of] * a * (float(is_right) - expected)

    def information_given(self, items: Sequence[int]) -> float:
        """Return the information of these items about the true abilities."""
        return float(self._information(self.ability)[list(items)].sum())

    def _chance(self, theta: FloatArray) -> FloatArray:
        logit = self.bank.a * (theta[self.bank.competence] - self.bank.b)
        chance: FloatArray = 1.0 / (1.0 + np.exp(-logit))
        return chance

    def _information(self, theta: FloatArray) -> FloatArray:
        chance = self._chance(theta)
        return self.bank.a**2 * chance * (1.0 - chance)
