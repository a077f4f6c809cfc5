"""Where a test stands: what was agreed at its start, and the items put so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray, uniform
from pacnum_api.psychometrics.blueprint import Blueprint
from pacnum_api.psychometrics.tables import BankTables

_NOTHING: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Quota:
    """Least and greatest number of items of a competence; takes the place of the rules' own."""

    minimum: int
    maximum: int


_NO_QUOTAS: Mapping[int, Quota] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class SessionPlan:
    """What stays the same from the first item to the last.

    ``competences``: the indices asked about; ``seed``: source of every draw; ``targets``:
    competence to the level (1 .. levels) to be decided upon; ``eligible`` (n,): items that may be
    asked at all (locale, accommodations, exposure), None for all; ``availability`` (n,): 0 to 1,
    how freely each may be used, None for all freely; ``featured``: an item that is put first, for
    its own sake (both: ``exposure``); ``item_budget``: greatest number
    of items over all competences; ``time_budget_seconds``: None for no limit;
    ``expected_seconds`` (n,): how long each item takes this agent, None where that is not known
    (``response_times``);
    ``tryouts``: position to a new item that is put there to be calibrated, if the test gets that
    far; its answer counts for nothing; ``blueprint``:
    what the whole test must hold, None for no more than the quotas.
    """

    competences: tuple[int, ...]
    seed: int
    targets: Mapping[int, int] = field(default_factory=lambda: _NOTHING)
    eligible: BoolArray | None = None
    quotas: Mapping[int, Quota] = field(default_factory=lambda: _NO_QUOTAS)
    item_budget: int | None = None
    time_budget_seconds: float | None = None
    expected_seconds: FloatArray | None = None
    tryouts: Mapping[int, int] = field(default_factory=lambda: _NOTHING)
    availability: FloatArray | None = None
    featured: int | None = None
    blueprint: Blueprint | None = None

    def is_tryout(self, position: int, item: int) -> bool:
        """Whether the item at a position (1-based) is there to be calibrated only."""
        return self.tryouts.get(position) == item


@dataclass(frozen=True, eq=False)
class SessionState:
    """The plan with the items put so far, in order.

    ``counts`` (K): items put per competence, tryouts left out; ``blocked`` (n,): items that may not
    be asked (any more); ``rank``: competence to its place in this session's own order, drawn from
    the seed, that decides between competences that have equal claims.
    """

    plan: SessionPlan
    items: tuple[int, ...]
    counts: tuple[int, ...]
    blocked: BoolArray
    rank: Mapping[int, int]
    elapsed_seconds: float = 0.0

    @property
    def position(self) -> int:
        """Position of the next item; the first is 1."""
        return len(self.items) + 1


def begin(tables: BankTables, plan: SessionPlan) -> SessionState:
    """Return the state before the first item.

    ``ValueError`` if the plan asks about no competence, one twice, one that the bank does not
    know, or a target that is not a level.
    """
    asked = plan.competences
    if not asked or len(set(asked)) != len(asked):
        raise ValueError("a session asks about at least one competence, each once")
    if min(asked) < 0 or max(asked) >= tables.competence_count:
        raise ValueError("a competence asked about is not in the framework")
    for level in plan.targets.values():
        tables.scale.start_of(level)
    drawn = sorted(asked, key=lambda index: uniform(plan.seed, index, purpose="competence order"))
    blocked = (
        np.zeros(tables.item_count, dtype=np.bool_) if plan.eligible is None else ~plan.eligible
    )
    return SessionState(
        plan=plan,
        items=(),
        counts=(0,) * tables.competence_count,
        blocked=blocked,
        rank=MappingProxyType({competence: place for place, competence in enumerate(drawn)}),
    )


def after(
    tables: BankTables, state: SessionState, *, item: int, elapsed_seconds: float = 0.0
) -> SessionState:
    """Return the state once ``item`` was put to the agent.

    ``elapsed_seconds``: time since the session began, by the server's clock.
    """
    blocked = state.blocked.copy()
    blocked[tables.excludes[item]] = True
    counts = list(state.counts)
    counts[tables.competence_of[item]] += not state.plan.is_tryout(state.position, item)
    return replace(
        state,
        items=(*state.items, item),
        counts=tuple(counts),
        blocked=blocked,
        elapsed_seconds=elapsed_seconds,
    )


def replayed(
    tables: BankTables,
    plan: SessionPlan | SessionState,
    *,
    items: Sequence[int],
    elapsed_seconds: float = 0.0,
) -> SessionState:
    """Return the state after ``items`` in order: ``begin``, then ``after`` for each.

    ``plan``: or what ``begin`` made of it, for whoever asks about the same test often.
    """
    start = plan if isinstance(plan, SessionState) else begin(tables, plan)
    agreed, competence_of, others = start.plan, tables.competence_of, tables.others_excluded
    counts, blocked = list(start.counts), start.blocked.copy()
    blocked[list(items)] = True
    for position, item in enumerate(items, start=1):
        if others[item] is not None:
            blocked[others[item]] = True
        if not agreed.tryouts or not agreed.is_tryout(position, item):
            counts[competence_of[item]] += 1
    return SessionState(
        plan=agreed,
        items=tuple(items),
        counts=tuple(counts),
        blocked=blocked,
        rank=start.rank,
        elapsed_seconds=elapsed_seconds,
    )
