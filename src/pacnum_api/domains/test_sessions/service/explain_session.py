"""Say how a session went, and compute it anew.

Data flow: stored answers → the pure core, once for each prefix of them → every decision as it was
made. Nothing about a decision is stored, because nothing else is needed to make it again; the
stored items, categories and results are what the recomputed ones are held against.
"""

from dataclasses import asdict
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank, get_bank
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.schemas import (
    AbilityRead,
    CandidateRead,
    ExplanationRead,
    ReplayRead,
    StepRead,
)
from pacnum_api.domains.test_sessions.service.session_view import versions_of
from pacnum_api.domains.test_sessions.types import Answer, SessionState, StoredSession
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.estimation import CompetencePosterior
from pacnum_api.psychometrics.selection import Selection
from pacnum_api.psychometrics.stopping import StopReason


async def explain_session(uow: UnitOfWork, session_id: UUID) -> ExplanationRead:
    """Every step: what could have been asked, why this was, what the answer changed, why it ended.

    Raises TestSessionNotFound.
    """
    connection = await uow.driver()
    stored = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
    answers = await repository.list_answers(connection, uow.tenant_id, session_id=session_id)
    session = stored.at(uow.now)
    bank = await get_bank(uow, session.setup.bank_id)
    steps = _steps(session, bank)
    last = steps[-1]
    return ExplanationRead(
        session_id=session.id,
        state=session.state,
        seed=str(session.setup.seed),
        rules=asdict(last.rules.selection) | asdict(last.rules.stopping),
        steps=[
            _step(answer, bank, before=steps[answer.position - 1], after=steps[answer.position])
            for answer in answers
        ],
        stop_reason=session.stop_reason,
        stop_reasons={
            bank.competences[index]: reason.value for index, reason in last.decision.closed.items()
        },
        versions=versions_of(session, bank),
    )


async def replay_session(uow: UnitOfWork, session_id: UUID) -> ReplayRead:
    """Grade the stored responses again, choose every item again, conclude again, and compare.

    Raises TestSessionNotFound.
    """
    connection = await uow.driver()
    session = await repository.get_session(connection, uow.tenant_id, session_id=session_id)
    answers = await repository.list_answers(connection, uow.tenant_id, session_id=session_id)
    bank = await get_bank(uow, session.setup.bank_id)
    recorded = await results.list_session_results(uow, session_id)
    differences = _grading_differences(session, bank, answers=list(answers))
    try:
        differences += _course_differences(session, bank)
        differences += _result_differences(session, bank, recorded=recorded)
    except (ValueError, IndexError) as error:  # a row that no test can have left behind
        differences.append(f"what is stored is not a test on this bank: {error}")
    return ReplayRead(
        session_id=session.id,
        is_identical=not differences,
        answers_replayed=len(answers),
        differences=differences,
        versions=versions_of(session, bank),
    )


def _steps(session: StoredSession, bank: ItemBank) -> list[policy.Step]:
    """The step after 0, 1, 2, … answers."""
    return [
        policy.step_after(
            bank.tables, session.setup, items=session.items, categories=session.categories[:count]
        )
        for count in range(session.answered + 1)
    ]


def _step(answer: Answer, bank: ItemBank, *, before: policy.Step, after: policy.Step) -> StepRead:
    chosen = before.decision.selection
    competence = bank.tables.competence_of[answer.item_index]
    return StepRead(
        position=answer.position,
        item_id=answer.item_id,
        competence=bank.competences[competence],
        pool_size=0 if chosen is None else chosen.pool_size,
        value_kind="" if chosen is None else chosen.value_kind.value,
        candidates=[] if chosen is None else _candidates(chosen, bank),
        draw=0.0 if chosen is None else chosen.draw,
        response=answer.response,
        score=answer.score,
        category=answer.category,
        is_late=answer.is_late,
        issued_at=answer.issued_at,
        accepted_at=answer.accepted_at,
        before=_ability(before.posterior.competences[competence]),
        after=_ability(after.posterior.competences[competence]),
    )


def _candidates(chosen: Selection, bank: ItemBank) -> list[CandidateRead]:
    return [
        CandidateRead(item_id=bank.item_ids[one.item], value=one.value, probability=one.probability)
        for one in chosen.candidates
    ]


def _ability(posterior: CompetencePosterior) -> AbilityRead:
    return AbilityRead(
        theta=posterior.theta,
        standard_error=posterior.standard_error,
        level=posterior.level,
        level_probabilities=list(posterior.level_probabilities),
    )


def _grading_differences(
    session: StoredSession, bank: ItemBank, *, answers: list[Answer]
) -> list[str]:
    found = []
    stored = list(session.categories)
    if [answer.category for answer in answers] != stored:
        found.append("the session's categories are not those of its answers")
    for answer in answers:
        response = None if answer.is_late else answer.response
        graded = bank.grade(answer.item_index, seed=session.setup.seed, response=response)
        if (graded.score, graded.category) != (answer.score, answer.category):
            found.append(
                f"position {answer.position}: graded {graded.score} (category {graded.category}), "
                f"stored {answer.score} (category {answer.category})"
            )
    return found


def _course_differences(session: StoredSession, bank: ItemBank) -> list[str]:
    found = []
    for count, step in enumerate(_steps(session, bank)):
        chosen = step.decision.selection
        put = session.items[count] if count < len(session.items) else None
        if put is not None and (chosen is None or chosen.item != put):
            found.append(f"position {count + 1}: another item would be chosen")
        elif put is None and chosen is not None and session.state is SessionState.FINISHED:
            found.append(f"after {count} answers the test would go on")
    return found


def _result_differences(
    session: StoredSession, bank: ItemBank, *, recorded: tuple[CompetenceResult, ...]
) -> list[str]:
    if session.stop_reason is None or session.state is SessionState.ABANDONED:
        return []
    step = policy.step_after(
        bank.tables, session.setup, items=session.items, categories=session.categories
    )
    reason = StopReason(session.stop_reason)
    concluded = policy.conclude(step, session.setup, codes=bank.competences, reason=reason)
    computed = {one.competence: one for one in concluded}
    stored = {one.competence: one for one in recorded}
    return [
        f"competence {code}: computed {computed.get(code)}, stored {stored.get(code)}"
        for code in sorted(computed.keys() | stored.keys())
        if computed.get(code) != stored.get(code)
    ]
