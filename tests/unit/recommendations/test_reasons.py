"""Which facts are told about a recommendation, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pacnum_api.domains.recommendations.policy.reasons import (
    Delivery,
    NextSession,
    give_reasons,
)
from pacnum_api.domains.recommendations.types import (
    Course,
    Gain,
    Leap,
    LeapGain,
    Need,
    PrerequisiteFit,
    Reason,
    ReasonCode,
    Recommended,
    Standing,
)

BEFORE = {
    "1.1": Standing(level=2, low=1, high=3, target=4, gap=1.5),
    "1.2": Standing(level=3, low=3, high=3, target=5, gap=1.4),
}
CERTAIN = PrerequisiteFit(1.0, ())
SELF_PACED = Delivery("online", 45, is_self_paced=True, next_session=None)


def step(
    *leaps: LeapGain,
    fit: PrerequisiteFit = CERTAIN,
    needs: tuple[Need, ...] = (),
    after: tuple[str, ...] = (),
    advised: tuple[str, ...] = (),
) -> Recommended:
    return Recommended(
        course=Course("k", tuple(one.leap for one in leaps), 45, needs=needs),
        gain=Gain(levels=1.2, standard_deviation=0.7, low=0.0, high=2.0),
        leaps=leaps,
        fit=fit,
        score=0.9,
        after=after,
        advised=advised,
    )


def codes(reasons: tuple[Reason, ...]) -> list[ReasonCode]:
    return [reason.code for reason in reasons]


FROM_NOTHING = LeapGain(Leap("1.1", 0, 2), 0.9)
FROM_TWO = LeapGain(Leap("1.2", 2, 4), 0.5)


def test_gap_gain_prerequisites_and_delivery_are_told_in_this_order() -> None:
    reasons = give_reasons(step(FROM_NOTHING), before=BEFORE, delivery=SELF_PACED)
    assert codes(reasons) == [
        ReasonCode.GAP,
        ReasonCode.GAIN,
        ReasonCode.OPEN_TO_ALL,
        ReasonCode.FORMAT,
        ReasonCode.ANY_TIME,
    ]
    assert reasons[0].parameters == {
        "competence": "1.1",
        "level": 2,
        "low": 1,
        "high": 3,
        "target": 4,
        "entry": 0,
        "exit": 2,
    }
    assert reasons[1].parameters == {"levels": 1.2, "low": 0.0, "high": 2.0}
    assert reasons[3].parameters == {"modality": "online", "minutes": 45}


def test_a_certain_level_is_told_without_an_interval() -> None:
    reasons = give_reasons(step(FROM_TWO), before=BEFORE, delivery=SELF_PACED)
    assert reasons[0].code is ReasonCode.GAP_CERTAIN


def test_leaps_that_win_next_to_nothing_are_not_mentioned() -> None:
    trifle = replace(FROM_TWO, levels=0.09)
    reasons = give_reasons(step(FROM_NOTHING, trifle), before=BEFORE, delivery=SELF_PACED)
    told = [reason.parameters["competence"] for reason in reasons if "level" in reason.parameters]
    assert told == ["1.1"]
    alone = give_reasons(step(trifle), before=BEFORE, delivery=SELF_PACED)
    assert alone[0].parameters["competence"] == "1.2"


@pytest.mark.parametrize(
    ("probability", "code"),
    [
        (0.95, ReasonCode.READY),
        (0.8, ReasonCode.READY),
        (0.79, ReasonCode.PROBABLY_READY),
        (0.5, ReasonCode.PROBABLY_READY),
        (0.49, ReasonCode.STRETCH),
    ],
)
def test_readiness_is_told_by_its_probability(probability: float, code: ReasonCode) -> None:
    told = give_reasons(
        step(FROM_TWO, fit=PrerequisiteFit(probability, ())), before=BEFORE, delivery=SELF_PACED
    )
    assert told[2] == Reason(code, {"probability": probability})


def test_a_stated_need_is_a_prerequisite_even_from_level_0() -> None:
    told = give_reasons(
        step(FROM_NOTHING, needs=(Need("2.1", 2),), fit=PrerequisiteFit(None, ("2.1",))),
        before=BEFORE,
        delivery=SELF_PACED,
    )
    assert ReasonCode.OPEN_TO_ALL not in codes(told)
    assert told[2] == Reason(ReasonCode.NEED_NOT_ASSESSED, {"competences": ("2.1",)})


def test_trainings_to_take_before_are_named_unless_the_level_is_there_already() -> None:
    doubtful = step(
        FROM_TWO, fit=PrerequisiteFit(0.6, ()), after=("planned",), advised=("missing",)
    )
    told = give_reasons(doubtful, before=BEFORE, delivery=SELF_PACED)
    assert Reason(ReasonCode.AFTER, {"training": "planned"}) in told
    assert Reason(ReasonCode.ADVISED, {"training": "missing"}) in told
    sure = replace(doubtful, fit=PrerequisiteFit(0.9, ()))
    assert ReasonCode.ADVISED not in codes(give_reasons(sure, before=BEFORE, delivery=SELF_PACED))
    unknown = replace(doubtful, fit=PrerequisiteFit(None, ("1.2",)))
    assert ReasonCode.ADVISED in codes(give_reasons(unknown, before=BEFORE, delivery=SELF_PACED))


def test_the_next_session_is_named_or_its_absence() -> None:
    session = NextSession(datetime(2027, 3, 1, 8, tzinfo=UTC), "Lyon", 12)
    dated = Delivery("onsite", 420, is_self_paced=False, next_session=session)
    told = give_reasons(step(FROM_NOTHING), before=BEFORE, delivery=dated)
    assert told[-1] == Reason(
        ReasonCode.NEXT_SESSION, {"date": "2027-03-01", "place": "Lyon", "seats": 12}
    )
    none = give_reasons(
        step(FROM_NOTHING), before=BEFORE, delivery=replace(dated, next_session=None)
    )
    assert none[-1].code is ReasonCode.NO_SESSION
