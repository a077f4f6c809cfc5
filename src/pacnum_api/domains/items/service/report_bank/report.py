"""What a bank covers, measures and lacks, and how its tests have used it: the numbers.

Data flow: the newest bank of a framework → its parameters → ``psychometrics.bank_quality``; beside
it what tenants' tests and complaints say, read tenant by tenant (``read_bank_use``) and added up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import numpy as np

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.service.bank_memory import get_bank
from pacnum_api.domains.items.service.banks import current_bank
from pacnum_api.domains.items.service.item_bank import ItemBank
from pacnum_api.domains.items.service.report_bank.coverage import BankCoverage, coverage_of
from pacnum_api.domains.items.types import ItemParameters, ParameterStatus
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION, Purpose, algorithm_for
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank_quality import (
    BankPrecision,
    CeilingGap,
    ExposureSummary,
    Goal,
    PrecisionGap,
    ceiling_gaps,
    information_curves,
    mean_demand,
    measure_precision,
    precision_gaps,
    summarise_exposure,
)
from pacnum_api.psychometrics.exposure import DEFAULT_CEILING, Exposure, ExposureGroups

BEST_ITEMS = (5, 10, 20)
"""Lengths of test that the report tells the standard error of."""

LEAST_TESTS = 100
"""So many tests have to be counted before their mean length says more than the rules do."""

_GOALS = (Purpose.POSITIONING, Purpose.CERTIFICATION)
_NOBODY: Mapping[UUID, int] = MappingProxyType({})


class DemandOrigin(StrEnum):
    """How it is known what a test takes of a competence."""

    GIVEN = "given"
    COUNTED = "counted"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """``ceiling``: greatest share of tests that may show an item; ``items_per_test``: items that a
    test takes of each competence, None: as counted, or as positioning allows at most.

    ``ValueError`` unless the ceiling is above 0 and at most 1, and the items are not negative.
    """

    ceiling: float = DEFAULT_CEILING
    items_per_test: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.ceiling <= 1.0:
            raise ValueError("a ceiling is a share above 0, at most 1")
        if self.items_per_test is not None and not self.items_per_test >= 0.0:
            raise ValueError("a test takes no negative number of items")


@dataclass(frozen=True, eq=False)
class BankUse:
    """What a tenant's tests and people have done with a bank version.

    ``exposure``: None where nothing was counted; ``contested``: complaints by item version.
    """

    bank_id: UUID
    exposure: Exposure | None = None
    contested: Mapping[UUID, int] = field(default_factory=lambda: _NOBODY)


@dataclass(frozen=True, slots=True)
class ItemUse:
    """One item of the bank. ``group``: the exposure group that it is counted with; ``reports``:
    how often it was contested, as it is worded now.
    """

    key: str
    competence: str
    level: int
    type: str
    group: int
    parameters: ItemParameters
    reports: int


@dataclass(frozen=True, eq=False)
class Demand:
    """``items`` (K,) that a test takes of each competence, and how that is known."""

    items: FloatArray
    origin: DemandOrigin


@dataclass(frozen=True, eq=False)
class BankReport:
    """Everything the report says. ``areas``: that of each competence; ``curves`` (K, 201): test
    information along ``scale.THETA``; ``gaps`` and ``ceiling_gaps``: the worst first.
    """

    coverage: BankCoverage
    areas: tuple[str, ...]
    settings: ReportSettings
    goals: Mapping[Purpose, Goal]
    precision: BankPrecision
    curves: FloatArray
    gaps: tuple[PrecisionGap, ...]
    demand: Demand
    ceiling_gaps: tuple[CeilingGap, ...]
    exposure: ExposureSummary
    items: tuple[ItemUse, ...]

    @property
    def competences(self) -> tuple[str, ...]:
        """Codes, by index."""
        return self.coverage.competences

    @property
    def statuses(self) -> Mapping[ParameterStatus, int]:
        """How far the parameters of how many items can be trusted."""
        found = Counter(item.parameters.status for item in self.items)
        return {status: found[status] for status in ParameterStatus}

    @property
    def contested(self) -> tuple[ItemUse, ...]:
        """Items that were contested, those contested most first."""
        found = [item for item in self.items if item.reports]
        return tuple(sorted(found, key=lambda item: -item.reports))

    def share(self, item: ItemUse) -> float:
        """The share of tests that showed an item, or one of its group."""
        return float(self.exposure.shares[item.group])


async def read_bank_use(uow: UnitOfWork, bank_id: UUID) -> BankUse:
    """What the unit of work's tenant has done with a bank that it may use. Raises BankNotFound."""
    bank = await get_bank(uow, bank_id)
    return BankUse(
        bank_id,
        exposure=await repository.find_exposure(uow, bank_id),
        contested=await repository.count_reports(uow, bank.version_ids),
    )


async def report_bank(
    uow: UnitOfWork,
    framework: str,
    *,
    settings: ReportSettings | None = None,
    uses: Sequence[BankUse] = (),
) -> BankReport:
    """Report on the newest bank of a framework. Raises BankNotFound.

    ``uses``: of the tenants whose tests count; those that are of another bank are left out.
    """
    handle = await current_bank(uow, framework)
    bank = await get_bank(uow, handle.id)
    return _report(bank, settings or ReportSettings(), uses=uses)


def _report(bank: ItemBank, settings: ReportSettings, *, uses: Sequence[BankUse]) -> BankReport:
    uses = [use for use in uses if use.bank_id == bank.handle.id]
    groups = bank.groups
    algorithm = algorithm_for(ALGORITHM_VERSION)
    goals = {purpose: Goal.of(algorithm.rules_for(purpose).stopping) for purpose in _GOALS}
    precision = measure_precision(bank.tables, usable=bank.measures)
    exposure = _together(uses, groups)
    at_most = goals[Purpose.POSITIONING].maximum_items
    demand = _demand(exposure, bank, settings=settings, at_most=at_most)
    return BankReport(
        coverage=coverage_of(bank),
        areas=tuple(one.area for one in bank.framework.competences),
        settings=settings,
        goals=goals,
        precision=precision,
        curves=information_curves(bank.tables, usable=bank.measures),
        gaps=precision_gaps(precision, tuple(goals.values())),
        demand=demand,
        ceiling_gaps=ceiling_gaps(groups, demand.items, ceiling=settings.ceiling),
        exposure=summarise_exposure(exposure, ceiling=settings.ceiling),
        items=_items(bank, groups, uses=uses),
    )


def _together(uses: Sequence[BankUse], groups: ExposureGroups) -> Exposure:
    counted = Exposure.none(len(groups))
    for one in (use.exposure for use in uses if use.exposure is not None):
        counted = Exposure(
            tests=counted.tests + one.tests,
            administered=counted.administered + one.administered,
            reserved=counted.reserved + one.reserved,
        )
    return counted


def _demand(
    exposure: Exposure, bank: ItemBank, *, settings: ReportSettings, at_most: int
) -> Demand:
    competences = len(bank.competences)
    if settings.items_per_test is not None:
        return Demand(np.full(competences, settings.items_per_test), DemandOrigin.GIVEN)
    if exposure.tests >= LEAST_TESTS:
        counted = mean_demand(exposure, bank.groups, competences=competences)
        return Demand(counted, DemandOrigin.COUNTED)
    return Demand(np.full(competences, float(at_most)), DemandOrigin.RULES)


def _items(
    bank: ItemBank, groups: ExposureGroups, *, uses: Sequence[BankUse]
) -> tuple[ItemUse, ...]:
    return tuple(
        ItemUse(
            key=item.key,
            competence=item.competence,
            level=item.level,
            type=item.type.value,
            group=group,
            parameters=parameters,
            reports=sum(use.contested.get(version, 0) for use in uses),
        )
        for item, version, parameters, group in zip(
            bank.items, bank.version_ids, bank.parameters, groups.group_of.tolist(), strict=True
        )
    )
