"""Say how a session went, as somebody who stands by the agent would want to read it.

Data flow: stored answers → every step computed again (``course_log``) → what each answer changed,
for its own competence and for others → in figures and, at the top, in sentences.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import numpy as np

from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.policy import CourseFacts
from pacnum_api.domains.test_sessions.schemas import (
    CorrelationStrengthRead,
    EarlierTestRead,
    ExplanationRead,
    PriorRead,
    StartRead,
    StepRead,
)
from pacnum_api.domains.test_sessions.service.basis import Basis, load_basis
from pacnum_api.domains.test_sessions.service.course_log import steps_of
from pacnum_api.domains.test_sessions.service.explain_step import step_read
from pacnum_api.domains.test_sessions.service.session_view import versions_of
from pacnum_api.domains.test_sessions.types import Answer, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.joint_estimation import JointPosterior
from pacnum_api.psychometrics.stopping import StopReason


async def explain_session(uow: UnitOfWork, session_id: UUID, *, locale: str) -> ExplanationRead:
    """Every step: what could have been asked, why this was, what the answer changed, why it ended.

    Raises TestSessionNotFound.
    """
    connection = await uow.driver()
    stored = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
    answers = await repository.list_answers(connection, uow.tenant_id, session_id=session_id)
    session = stored.at(uow.now)
    basis = await load_basis(uow, session)
    steps = await steps_of(session, basis)
    last = steps[-1]
    start = _start(session, basis, first=steps[0])
    return ExplanationRead(
        session_id=session.id,
        state=session.state,
        summary=policy.summary_of(
            _facts(session, basis, last=last, held_back=start.items_held_back), locale=locale
        ),
        seed=str(session.setup.seed),
        rules=asdict(last.rules.selection) | asdict(last.rules.stopping),
        start=start,
        correlation=_correlation(last),
        steps=await asyncio.to_thread(_steps, answers, basis, steps=steps),
        stop_reason=session.stop_reason,
        stop_reasons={
            basis.bank.competences[index]: reason.value
            for index, reason in last.decision.closed.items()
        },
        versions=versions_of(session, basis.bank),
    )


def _steps(
    answers: Sequence[Answer], basis: Basis, *, steps: Sequence[Measurement]
) -> list[StepRead]:
    return [
        step_read(
            answer, basis.bank, before=steps[answer.position - 1], after=steps[answer.position]
        )
        for answer in answers
    ]


def _start(session: StoredSession, basis: Basis, *, first: Measurement) -> StartRead:
    setup, bank = session.setup, basis.bank
    earlier = setup.earlier
    estimates = {index: first.posterior.marginal(index).estimate for index in setup.competences}
    return StartRead(
        origin="population" if earlier is None else "earlier_test",
        earlier=None
        if earlier is None
        else EarlierTestRead(
            session_id=earlier.session_id,
            measured_at=session.created_at - timedelta(seconds=earlier.age_seconds),
            age_days=earlier.age_seconds / timedelta(days=1).total_seconds(),
        ),
        abilities=[
            PriorRead(
                competence=bank.competences[index],
                theta=one.theta,
                standard_error=one.standard_error,
            )
            for index, one in estimates.items()
        ],
        items_held_back=_held_back(session, basis),
    )


def _held_back(session: StoredSession, basis: Basis) -> int:
    """Items of the competences asked about that measure, but not in this session."""
    bank = basis.bank
    away = bank.measures & ~policy.may_be_put(basis.ground, session.setup)
    slices = [bank.tables.competences[index] for index in session.setup.competences]
    return sum(int(np.count_nonzero(away[one.first : one.stop])) for one in slices)


def _correlation(last: Measurement) -> list[CorrelationStrengthRead]:
    if not isinstance(last.posterior, JointPosterior):
        return []
    weights = zip(
        last.prior.strengths.tolist(),
        last.prior.weights.tolist(),
        last.posterior.strength_weights.tolist(),
        strict=True,
    )
    return [
        CorrelationStrengthRead(strength=strength, weight_before=before, weight_after=after)
        for strength, before, after in weights
    ]


def _facts(
    session: StoredSession, basis: Basis, *, last: Measurement, held_back: int
) -> CourseFacts:
    setup = session.setup
    earlier_at = (
        None
        if setup.earlier is None
        else session.created_at - timedelta(seconds=setup.earlier.age_seconds)
    )
    put = session.items[: session.answered]
    return CourseFacts(
        answered=session.answered,
        tried_out=sum(
            setup.tryouts.get(position) == item for position, item in enumerate(put, start=1)
        ),
        held_back=held_back,
        earlier_on=None if earlier_at is None else earlier_at.date(),
        is_joint=isinstance(last.posterior, JointPosterior),
        closed={
            basis.bank.competences[index]: reason for index, reason in last.decision.closed.items()
        },
        stop_reason=None if session.stop_reason is None else StopReason(session.stop_reason),
    )
