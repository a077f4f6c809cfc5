"""One step of a session, as its explanation shows it."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions.schemas import (
    AbilityRead,
    CandidateRead,
    ClosedRead,
    MovedRead,
    StepRead,
)
from pacnum_api.domains.test_sessions.types import Answer
from pacnum_api.psychometrics.algorithm import Measurement
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.joint_estimation import JointPosterior
from pacnum_api.psychometrics.selection import Selection

MOVED_AT_MOST: Final = 3
LEAST_MOVE: Final = 0.001
"""Of theta: below this nothing is to be seen in two decimals."""


def step_read(
    answer: Answer, bank: ItemBank, *, before: Measurement, after: Measurement
) -> StepRead:
    """Why the item of an answer was put, and what the answer changed."""
    chosen = before.decision.selection
    competence = bank.tables.competence_of[answer.item_index]
    closed_before, closed_after = before.decision.closed, after.decision.closed
    return StepRead(
        position=answer.position,
        item_id=answer.item_id,
        competence=bank.competences[competence],
        pool_size=0 if chosen is None else chosen.pool_size,
        value_kind="" if chosen is None else chosen.value_kind.value,
        candidates=[] if chosen is None else _candidates(chosen, bank),
        random_share=0.0 if chosen is None else chosen.random_share,
        draw=0.0 if chosen is None else chosen.draw,
        response=answer.response,
        score=answer.score,
        category=answer.category,
        is_late=answer.is_late,
        issued_at=answer.issued_at,
        accepted_at=answer.accepted_at,
        before=AbilityRead.of(before.posterior.marginal(competence)),
        after=AbilityRead.of(after.posterior.marginal(competence)),
        moved=_moved(bank, competence, before=before, after=after),
        closed=[
            ClosedRead(competence=bank.competences[index], reason=reason.value)
            for index, reason in closed_after.items()
            if index not in closed_before
        ],
        reopened=[bank.competences[index] for index in closed_before if index not in closed_after],
    )


def _candidates(chosen: Selection, bank: ItemBank) -> list[CandidateRead]:
    return [
        CandidateRead(
            item_id=bank.item_ids[one.item],
            competence=bank.items[one.item].competence,
            value=one.value,
            probability=one.probability,
        )
        for one in chosen.candidates
    ]


def _moved(
    bank: ItemBank, competence: int, *, before: Measurement, after: Measurement
) -> list[MovedRead]:
    """The other competences asked about that moved most, the one that moved most first."""
    asked = after.state.plan.competences
    distance = np.abs(_thetas(after, asked) - _thetas(before, asked))
    others = [
        asked[place]
        for place in np.argsort(-distance, kind="stable").tolist()
        if asked[place] != competence and distance[place] >= LEAST_MOVE
    ]
    return [
        MovedRead.of(
            bank.competences[index],
            before.posterior.marginal(index).estimate,
            after=after.posterior.marginal(index).estimate,
        )
        for index in others[:MOVED_AT_MOST]
    ]


def _thetas(measured: Measurement, competences: Sequence[int]) -> FloatArray:
    posterior = measured.posterior
    if isinstance(posterior, JointPosterior):  # all at once: marginals cost a pass over the grid
        return posterior.moments.mean
    return np.array([posterior.marginal(index).theta for index in competences])
