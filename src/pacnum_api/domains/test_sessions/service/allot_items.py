"""Which items of the bank a session that begins may use.

Data flow: the bank's exposure counters, locked → the groups below their ceiling, and the items to
try out → both reserved in the counters, and kept with the session, so that its every step is
computed from its own row.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from pacnum_api.domains.items import service as items
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.policy import TryoutCandidate
from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.types import SessionSetup
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.exposure import Admission, Exposure, ExposureGroups, Limits
from pacnum_api.psychometrics.rules import StoppingRules


async def allot_items(
    uow: UnitOfWork,
    setup: SessionSetup,
    *,
    basis: Basis,
    ceiling: float,
    left_out: BoolArray | None,
) -> SessionSetup:
    """The setup with the items that this session may use, as long as the transaction commits.

    ``left_out`` (g,): exposure groups that it shall not use, None for none.
    Every test that begins on this bank waits from here to the end of the transaction.
    """
    algorithm = algorithm_for(setup.algorithm_version)
    if not algorithm.controls_exposure:
        return setup
    purpose = Purpose(setup.purpose.value)
    rules = algorithm.rules_for(purpose).stopping
    need = algorithm.items_of_each(purpose, len(setup.competences))
    limits = Limits.of(basis.bank.groups, competences=setup.competences, need=need, ceiling=ceiling)
    admission, exposure = await items.begin_exposure(
        uow, basis.bank, limits=limits, need=need, left_out=left_out
    )
    allotted = replace(
        setup,
        availability=admission.availability.tobytes(),
        featured=_featured(admission, basis.bank.groups),
    )
    if policy.takes_tryouts(setup.purpose):
        tryouts = _tryouts(allotted, basis, exposure=exposure, rules=rules)
        allotted = replace(allotted, tryouts=tryouts)
    reserved = reserved_groups(allotted, basis.bank.groups)
    await items.reserve_exposure(uow, basis.bank, before=exposure, reserved=reserved)
    return allotted


def reserved_groups(setup: SessionSetup, groups: ExposureGroups) -> BoolArray:
    """The exposure groups that a session has reserved, (g,); none if it began without."""
    reserved = np.zeros(len(groups), np.bool_)
    if setup.availability is not None:
        reserved |= np.frombuffer(setup.availability, np.uint8) > 0
        reserved[groups.group_of[list(setup.tryouts.values())]] = True
    return reserved


def _featured(admission: Admission, groups: ExposureGroups) -> int | None:
    """The item that stands for the featured group: the first of its family."""
    if admission.featured is None:
        return None
    return int(np.argmax(groups.group_of == admission.featured))


def _tryouts(
    setup: SessionSetup, basis: Basis, *, exposure: Exposure, rules: StoppingRules
) -> dict[int, int]:
    tables = basis.ground.tables
    may_be_put = policy.may_be_put(basis.ground, setup)
    slices = [tables.competences[index] for index in setup.competences]
    available = [int(np.count_nonzero(may_be_put[one.first : one.stop])) for one in slices]
    chosen = policy.choose_tryouts(
        list(_candidates(setup, basis, exposure=exposure)),
        expected=policy.expected_items(available, rules=rules),
        seed=setup.seed,
    )
    return dict(chosen)


def _candidates(
    setup: SessionSetup, basis: Basis, *, exposure: Exposure
) -> Iterable[TryoutCandidate]:
    """The items on tryout of the competences asked about."""
    bank, prior = basis.bank, basis.ground.prior
    means = np.add.reduce(prior.weights[:, None] * prior.mean, axis=0)
    used = exposure.administered + exposure.reserved
    for item in np.flatnonzero(~bank.measures).tolist():
        competence = bank.tables.competence_of[item]
        if competence in setup.competences:
            distance = abs(float(means[competence]) - bank.parameters[item].b)
            yield TryoutCandidate(item, int(used[bank.groups.group_of[item]]), distance)
