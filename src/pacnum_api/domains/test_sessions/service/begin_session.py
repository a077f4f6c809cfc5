"""Begin a test.

Data flow: request → bank, and with it framework, pinned, seed drawn → agent (provisioned if new) →
what the agent answered and showed before → the items that exposure lets this test use → the pure
core picks the first → one row and one event in one transaction.

Every statement here is sent once for each test, so none goes through the ORM, and the reply is
written straight from what is presented, as that to an answer is.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from pacnum_api.domains.items.errors import BankNotFound
from pacnum_api.domains.items.service import ItemBank, current_bank, get_bank
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import Agent, ExternalId
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.results import service as results
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import NothingToAsk
from pacnum_api.domains.test_sessions.schemas import AgentReference, TestSessionCreate
from pacnum_api.domains.test_sessions.service.allot_items import allot_items
from pacnum_api.domains.test_sessions.service.basis import basis_on, keep_prior, load_prior
from pacnum_api.domains.test_sessions.service.session_view import session_document
from pacnum_api.domains.test_sessions.types import (
    EarlierStart,
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)
from pacnum_api.kernel.errors import FieldFault, InvalidInput
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.metrics import SESSIONS_BEGUN
from pacnum_api.platform.outbox import Event
from pacnum_api.platform.trail import follow_session
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import (
    ALGORITHM_VERSION,
    Measurement,
    Purpose,
    algorithm_for,
)
from pacnum_api.psychometrics.arithmetic import BoolArray


@dataclass(frozen=True, slots=True)
class BegunSession:
    """A session that has begun; ``document``: a ``TestSessionRead`` as JSON has it."""

    id: UUID
    expires_at: datetime
    document: Mapping[str, object]


async def begin_session(
    uow: UnitOfWork,
    request: TestSessionCreate,
    *,
    client_id: UUID,
    lifetime: timedelta,
    exposure_ceiling: float,
) -> BegunSession:
    """A new session with its first item pending.

    ``exposure_ceiling``: greatest share of tests that may show an item. Raises AgentNotFound,
    FrameworkNotFound, InvalidInput (unknown competences or target levels), NothingToAsk.
    """
    bank = await _current_bank(uow, request.framework)
    setup = _setup(request, bank)
    agent = await _agent(uow, request.agent, locale=request.locale)
    answered = await _answered_before(uow, agent, bank=bank, setup=setup)
    if answered is not None:
        setup = replace(setup, earlier=await _earlier(uow, agent, setup=setup))
    basis = basis_on(bank, prior=await load_prior(uow, setup, bank=bank))
    session = _new_session(
        setup, agent=agent, client_id=client_id, begins_at=uow.now, lifetime=lifetime
    )
    # last, because others who begin a test wait from here on
    setup = await allot_items(uow, setup, basis=basis, ceiling=exposure_ceiling, left_out=answered)
    step = policy.step_after(basis.ground, setup, items=(), categories=())
    session = replace(session, setup=setup, items=(_item_of(step),))
    await repository.add_session(
        await uow.driver(), uow.tenant_id, session=session, event=_started(session)
    )
    keep_prior(setup, basis.ground.prior)
    follow_session(session.id)
    uow.once_committed(SESSIONS_BEGUN.labels(setup.purpose).inc)
    document = session_document(session, basis, step=step)
    return BegunSession(session.id, session.expires_at, document)


def _new_session(
    setup: SessionSetup, *, agent: Agent, client_id: UUID, begins_at: datetime, lifetime: timedelta
) -> StoredSession:
    """A session that has not put an item yet."""
    return StoredSession(
        id=new_id(),
        agent_id=agent.id,
        client_id=client_id,
        setup=setup,
        state=SessionState.IN_PROGRESS,
        version=1,
        items=(),
        categories=(),
        pending_issued_at=begins_at,
        created_at=begins_at,
        updated_at=begins_at,
        expires_at=begins_at + lifetime,
        finished_at=None,
        stop_reason=None,
    )


def _started(session: StoredSession) -> Event:
    setup = session.setup
    return Event(
        "test_session.started",
        str(session.id),
        data={
            "agent_id": str(session.agent_id),
            "framework": setup.framework,
            "purpose": setup.purpose,
        },
        occurred_at=session.created_at,
    )


def _setup(request: TestSessionCreate, bank: ItemBank) -> SessionSetup:
    """What the session is pinned to; competences by their place in the bank's own framework."""
    return SessionSetup(
        framework=bank.framework.code,
        framework_version=bank.framework.version,
        bank_id=bank.handle.id,
        algorithm_version=ALGORITHM_VERSION,
        purpose=request.purpose,
        competences=_positions(bank.framework, request),
        targets=_targets(bank.framework, request),
        seed=secrets.randbits(63),
        locale=request.locale,
        accommodations=request.accommodations.read(),
    )


async def _current_bank(uow: UnitOfWork, framework: str) -> ItemBank:
    """The newest bank; where there is one there is its framework, too."""
    try:
        handle = await current_bank(uow, framework)
    except BankNotFound as error:
        await referential.get_framework(uow, framework)
        raise NothingToAsk from error
    return await get_bank(uow, handle.id)


async def _agent(uow: UnitOfWork, reference: AgentReference, *, locale: str) -> Agent:
    if reference.external_id is None:
        assert reference.id is not None  # noqa: S101 - the schema wants exactly one of the two
        return await organisations.get_agent(uow, reference.id)
    external_id = ExternalId(reference.external_id.issuer, reference.external_id.value)
    return await organisations.provision_agent(uow, external_id, locale=locale)


def _positions(framework: Framework, request: TestSessionCreate) -> tuple[int, ...]:
    if request.competences is not None:
        asked: Sequence[str] = request.competences
        place = "/competences"
    elif request.targets:
        asked = list(request.targets)
        place = "/targets"
    else:
        return tuple(competence.position for competence in framework.competences)
    faults = []
    positions = []
    for index, code in enumerate(asked):
        competence = framework.find_competence(code)
        pointer = f"{place}/{index if place == '/competences' else code}"
        if competence is None:
            faults.append(FieldFault(pointer, f"expected a competence of {framework.code}"))
        elif competence.position in positions:
            faults.append(FieldFault(pointer, "this competence stands here twice"))
        else:
            positions.append(competence.position)
    if faults:
        raise InvalidInput(faults=faults)
    return tuple(positions)


def _targets(framework: Framework, request: TestSessionCreate) -> dict[int, int]:
    asked = None if request.competences is None else set(request.competences)
    targets = {}
    faults = []
    for code, level in (request.targets or {}).items():
        competence = framework.find_competence(code)
        if competence is None or (asked is not None and code not in asked):
            faults.append(FieldFault(f"/targets/{code}", "expected a competence asked about"))
        elif level > len(framework.levels):
            message = f"expected a level from 1 to {len(framework.levels)}"
            faults.append(FieldFault(f"/targets/{code}", message))
        else:
            targets[competence.position] = level
    if asked is not None and request.targets:
        faults.extend(
            FieldFault("/targets", f"expected a target for {code} as well")
            for code in sorted(asked - set(request.targets))
        )
    if faults:
        raise InvalidInput(faults=faults)
    return targets


async def _answered_before(
    uow: UnitOfWork, agent: Agent, *, bank: ItemBank, setup: SessionSetup
) -> BoolArray | None:
    """The exposure groups that this test leaves out because the agent has answered them; None when
    too few would be left: then the test may repeat them, and starts from the population.
    """
    if agent.created_at == uow.now:  # provisioned by this very request: nothing to look for
        return np.zeros(len(bank.groups), np.bool_)
    known = await repository.list_answered_items(
        await uow.driver(), uow.tenant_id, agent_id=agent.id, framework=setup.framework
    )
    indices = (bank.index_of(item_id) for item_id in known)
    answered = policy.answered_groups(bank.groups, [one for one in indices if one is not None])
    rules = algorithm_for(setup.algorithm_version).rules_for(Purpose(setup.purpose.value))
    is_enough = policy.has_enough_new(
        bank.groups, answered, competences=setup.competences, least=rules.stopping.minimum_items
    )
    return answered if is_enough else None


async def _earlier(uow: UnitOfWork, agent: Agent, *, setup: SessionSetup) -> EarlierStart | None:
    """The agent's test to start from; None starts from the population."""
    # An attestation stands on its own answers: what somebody showed before, perhaps unwatched, must
    # neither help nor hinder.
    is_alone = setup.purpose is SessionPurpose.CERTIFICATION
    is_new = agent.created_at == uow.now
    if is_alone or is_new or not algorithm_for(setup.algorithm_version).uses_history:
        return None
    earlier = await results.find_earlier_test(
        uow, agent.id, framework=setup.framework, framework_version=setup.framework_version
    )
    if earlier is None:
        return None
    age = max(0.0, (uow.now - earlier.measured_at).total_seconds())
    return EarlierStart(earlier.session_id, age)


def _item_of(step: Measurement) -> int:
    if step.decision.selection is None:
        raise NothingToAsk
    return step.decision.selection.item
