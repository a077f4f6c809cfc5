from dataclasses import replace
from datetime import date

import pytest

from pacnum_api.domains.test_sessions.policy import CourseFacts, summary_of
from pacnum_api.psychometrics.stopping import StopReason

PLAIN = CourseFacts(
    answered=12,
    tried_out=0,
    held_back=0,
    earlier_on=None,
    is_joint=False,
    closed={"1.1": StopReason.PRECISION_REACHED, "1.3": StopReason.ITEM_BUDGET},
    stop_reason=StopReason.ITEM_BUDGET,
)
LOCALES = ("fr", "en")


def test_it_says_in_order_what_happened() -> None:
    assert summary_of(PLAIN, locale="en") == [
        (
            "No earlier test was taken into account: the measurement started from the average of "
            "the population and assumed nothing about the agent."
        ),
        "12 answers were given.",
        "1.1: as precise as wished.",
        "1.3: greatest number of questions reached.",
        "The test stopped because the greatest number of questions was reached.",
    ]


def test_french_is_what_is_spoken_unless_english_is_asked_for() -> None:
    assert summary_of(PLAIN, locale="fr") == summary_of(PLAIN, locale="de")
    assert "12 réponses ont été données." in summary_of(PLAIN, locale="fr")
    assert "1.1 : précision voulue atteinte." in summary_of(PLAIN, locale="fr")


@pytest.mark.parametrize("locale", LOCALES)
def test_one_and_many_are_worded_apart(locale: str) -> None:
    one = summary_of(replace(PLAIN, answered=1, held_back=1, tried_out=1), locale=locale)
    many = summary_of(replace(PLAIN, answered=2, held_back=2, tried_out=2), locale=locale)
    none = summary_of(PLAIN, locale=locale)
    assert len(one) == len(many) == len(none) + 2
    assert not any("2 " in sentence for sentence in one)
    assert sum("2 " in sentence for sentence in many) == 3


@pytest.mark.parametrize(("locale", "day"), [("fr", "03/02/2026"), ("en", "2026-02-03")])
def test_an_earlier_test_is_named_by_its_day(locale: str, day: str) -> None:
    said = summary_of(replace(PLAIN, earlier_on=date(2026, 2, 3)), locale=locale)
    assert day in said[0]


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_measured_together_is_said_to_be(locale: str) -> None:
    plain, joint = (
        summary_of(replace(PLAIN, is_joint=is_joint), locale=locale) for is_joint in (False, True)
    )
    assert len(joint) == len(plain) + 1


@pytest.mark.parametrize("locale", LOCALES)
def test_competences_done_for_one_reason_share_a_sentence(locale: str) -> None:
    closed = dict.fromkeys(("1.1", "2.3"), StopReason.LEVEL_CERTAIN)
    said = summary_of(replace(PLAIN, closed=closed), locale=locale)
    assert sum(sentence.startswith("1.1, 2.3") for sentence in said) == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_every_end_has_its_words(locale: str) -> None:
    ends = [summary_of(replace(PLAIN, stop_reason=one), locale=locale)[-1] for one in StopReason]
    running = summary_of(replace(PLAIN, stop_reason=None, closed={}), locale=locale)[-1]
    assert len({running, *ends}) == len(StopReason) + 1


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_that_the_measurement_gives_has_its_words(locale: str) -> None:
    given = [one for one in StopReason if one not in {"finished_early", "abandoned", "expired"}]
    said = {summary_of(replace(PLAIN, closed={"1.1": one}), locale=locale)[2] for one in given}
    assert len(said) == len(given)
