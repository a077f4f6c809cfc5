"""What a running session is computed from: its bank and its prior, both held in memory.

Neither ever changes: banks are immutable per version, and a prior follows from a bank, the state
that an ended session left, and an age that the new session's row says. So there is nothing to
invalidate; what is not in memory is loaded by whoever has a unit of work.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank, find_cached_bank, get_bank
from pacnum_api.domains.results import service as results
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.types import SessionSetup, SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.population import AbilityState, JointPrior

SECONDS_IN_A_YEAR: Final = 31_557_600.0
_KEPT_AT_MOST: Final = 1024
"""Priors in memory, of running sessions of agents tested before; about 15 kB each."""
_IDLE_SECONDS: Final = 120.0
"""After which one is dropped: its session may have ended in another process."""

_Key = tuple[UUID, UUID, float]
_kept: OrderedDict[_Key, tuple[JointPrior, float]] = OrderedDict()


@dataclass(slots=True, eq=False)
class Basis:
    """A bank, and the ground that a session's steps stand on; of one session, its course."""

    bank: ItemBank
    ground: policy.Ground
    _course: policy.Course | None = None

    def step(self, session: StoredSession, *, answered: int | None = None) -> Measurement:
        """Where the session stood after its first answers; all of them if no number is given."""
        return self.step_at(session, session.categories[:answered])

    def step_at(self, session: StoredSession, categories: Sequence[int]) -> Measurement:
        """Where the session stands with these answers to its first items."""
        course = self._course
        if course is None or course.setup is not session.setup:
            course = self._course = policy.Course(self.ground, session.setup)
        return course.step(session.items, categories)


def find_cached_basis(setup: SessionSetup) -> Basis | None:
    """The basis if this process holds all of it already, without a word to the database."""
    bank = find_cached_bank(setup.bank_id)
    if bank is None:
        return None
    if setup.earlier is None:
        return basis_on(bank, prior=bank.population.prior)
    kept = _kept.get(_key(setup))
    if kept is None:
        return None
    keep_prior(setup, kept[0])
    return basis_on(bank, prior=kept[0])


async def load_basis(uow: UnitOfWork, session: StoredSession) -> Basis:
    """The basis of a session, kept while it is running. Raises BankNotFound."""
    bank = await get_bank(uow, session.setup.bank_id)
    prior = await load_prior(uow, session.setup, bank=bank)
    if session.state is SessionState.IN_PROGRESS:
        keep_prior(session.setup, prior)
    return basis_on(bank, prior=prior)


async def load_prior(uow: UnitOfWork, setup: SessionSetup, *, bank: ItemBank) -> JointPrior:
    """What is known of all abilities before the first answer: from memory, or worked out anew."""
    if setup.earlier is None:
        return bank.population.prior
    kept = _kept.get(_key(setup))
    if kept is not None:
        return kept[0]
    stored = await results.get_ability_state(uow, setup.earlier.session_id)
    return bank.population.prior_after(
        AbilityState.from_bytes(stored),
        elapsed_years=setup.earlier.age_seconds / SECONDS_IN_A_YEAR,
    )


def keep_prior(setup: SessionSetup, prior: JointPrior) -> None:
    """Hold the prior of a running session; those used longest ago are dropped."""
    if setup.earlier is None:  # the bank itself holds the population's
        return
    now = time.monotonic()
    _kept[_key(setup)] = (prior, now)
    _kept.move_to_end(_key(setup))
    while len(_kept) > _KEPT_AT_MOST or next(iter(_kept.values()))[1] < now - _IDLE_SECONDS:
        _kept.popitem(last=False)


def forget_prior(setup: SessionSetup) -> None:
    """Drop the prior of a session that has ended."""
    if setup.earlier is not None:
        _kept.pop(_key(setup), None)


def forget_priors() -> None:
    """Drop what is held in memory, as a process that has just started."""
    _kept.clear()


def basis_on(bank: ItemBank, *, prior: JointPrior) -> Basis:
    """The basis of a session on a bank, from its prior."""
    return Basis(
        bank,
        policy.Ground(tables=bank.tables, groups=bank.groups, measures=bank.measures, prior=prior),
    )


def _key(setup: SessionSetup) -> _Key:
    assert setup.earlier is not None  # noqa: S101 - asked of sessions that start from another only
    return setup.bank_id, setup.earlier.session_id, setup.earlier.age_seconds
