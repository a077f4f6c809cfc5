"""Begin a test.

Data flow: request → agent (provisioned if new) → framework and bank pinned → seed drawn → the pure
core picks the first item → one row and one event in one transaction.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pacnum_api.domains.items.errors import BankNotFound
from pacnum_api.domains.items.service import ItemBank, current_bank, get_bank
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import Agent, ExternalId
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.errors import NothingToAsk
from pacnum_api.domains.test_sessions.schemas import (
    AgentReference,
    TestSessionCreate,
    TestSessionRead,
)
from pacnum_api.domains.test_sessions.service.session_view import session_read
from pacnum_api.domains.test_sessions.types import SessionSetup, SessionState, StoredSession
from pacnum_api.kernel.errors import FieldFault, InvalidInput
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION


async def begin_session(
    uow: UnitOfWork, request: TestSessionCreate, *, client_id: UUID, lifetime: timedelta
) -> TestSessionRead:
    """A new session with its first item pending.

    Raises AgentNotFound, FrameworkNotFound, InvalidInput (unknown competences or target levels),
    NothingToAsk.
    """
    framework = await referential.get_framework(uow, request.framework)
    bank = await _current_bank(uow, framework.code)
    setup = _setup(request, bank)
    agent = await _agent(uow, request.agent, locale=request.locale)
    session = StoredSession(
        id=new_id(),
        agent_id=agent.id,
        client_id=client_id,
        setup=setup,
        state=SessionState.IN_PROGRESS,
        version=1,
        items=(_first_item(bank, setup),),
        categories=(),
        pending_issued_at=uow.now,
        created_at=uow.now,
        updated_at=uow.now,
        expires_at=uow.now + lifetime,
        finished_at=None,
        stop_reason=None,
    )
    await repository.add_session(await uow.driver(), uow.tenant_id, session=session)
    await uow.emit(
        "test_session.started",
        str(session.id),
        data={"agent_id": str(agent.id), "framework": framework.code, "purpose": setup.purpose},
    )
    return session_read(session, bank, now=uow.now)


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
    try:
        handle = await current_bank(uow, framework)
    except BankNotFound as error:
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


def _first_item(bank: ItemBank, setup: SessionSetup) -> int:
    step = policy.step_after(bank.tables, setup, items=(), categories=())
    if step.decision.selection is None:
        raise NothingToAsk
    return step.decision.selection.item
