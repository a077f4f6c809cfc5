"""Why a training is recommended: facts without a language, in the order in which they are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pacnum_api.domains.recommendations.types import (
    CompetenceCode,
    LeapGain,
    Reason,
    ReasonCode,
    Recommended,
    Standing,
)

SURELY_READY = 0.8
PROBABLY_READY = 0.5
MENTIONED_GAIN = 0.1
"""Leaps that win less, in levels, are not worth a sentence (unless there is no other)."""


@dataclass(frozen=True, slots=True)
class NextSession:
    """The first session that can still be joined."""

    starts_at: datetime
    place: str
    seats: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a training is given. ``is_self_paced``: it may be started at any time, without a date."""

    modality: str
    duration_minutes: int
    is_self_paced: bool
    next_session: NextSession | None


def give_reasons(
    step: Recommended, *, before: Mapping[CompetenceCode, Standing], delivery: Delivery
) -> tuple[Reason, ...]:
    """Gap by gap where the agent stands, then the gain, the prerequisites and the delivery.

    ``before`` holds the standings before the plan's first training.
    """
    return (
        *(_gap(one, before[one.leap.competence]) for one in _mentioned(step.leaps)),
        Reason(
            ReasonCode.GAIN,
            {"levels": step.gain.levels, "low": step.gain.low, "high": step.gain.high},
        ),
        *_prerequisites(step),
        *_delivery(delivery),
    )


def _mentioned(leaps: Sequence[LeapGain]) -> Sequence[LeapGain]:
    """``leaps`` come with the greatest gain first."""
    return [one for one in leaps if one.levels >= MENTIONED_GAIN] or leaps[:1]


def _gap(one: LeapGain, standing: Standing) -> Reason:
    is_certain = standing.low == standing.high
    return Reason(
        ReasonCode.GAP_CERTAIN if is_certain else ReasonCode.GAP,
        {
            "competence": one.leap.competence,
            "level": standing.level,
            "low": standing.low,
            "high": standing.high,
            "target": standing.target,
            "entry": one.leap.entry_level,
            "exit": one.leap.exit_level,
        },
    )


def _prerequisites(step: Recommended) -> Iterable[Reason]:
    asks = any(leap.entry_level > 0 for leap in step.course.leaps) or step.course.needs
    if not asks:
        yield Reason(ReasonCode.OPEN_TO_ALL)
    elif step.fit.probability is not None:
        yield Reason(_readiness(step.fit.probability), {"probability": step.fit.probability})
    if step.fit.not_assessed:
        yield Reason(ReasonCode.NEED_NOT_ASSESSED, {"competences": step.fit.not_assessed})
    for key in step.after:
        yield Reason(ReasonCode.AFTER, {"training": key})
    if step.fit.probability is None or step.fit.probability < SURELY_READY:
        for key in step.advised:
            yield Reason(ReasonCode.ADVISED, {"training": key})


def _readiness(probability: float) -> ReasonCode:
    if probability >= SURELY_READY:
        return ReasonCode.READY
    return ReasonCode.PROBABLY_READY if probability >= PROBABLY_READY else ReasonCode.STRETCH


def _delivery(delivery: Delivery) -> Iterable[Reason]:
    yield Reason(
        ReasonCode.FORMAT,
        {"modality": delivery.modality, "minutes": delivery.duration_minutes},
    )
    if delivery.next_session is not None:
        yield Reason(
            ReasonCode.NEXT_SESSION,
            {
                "date": delivery.next_session.starts_at.date().isoformat(),
                "place": delivery.next_session.place,
                "seats": delivery.next_session.seats,
            },
        )
    else:
        yield Reason(ReasonCode.ANY_TIME if delivery.is_self_paced else ReasonCode.NO_SESSION)
