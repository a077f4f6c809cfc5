"""Reading is measured as published, and held against the level."""

import pytest

from pacnum_api.domains.items.policy.readability import (
    LIMITS,
    limits_of,
    readability,
    reading_faults,
    reading_of,
)
from tests.support.authored_items import both, make_item


def test_lix_is_words_a_sentence_and_long_words() -> None:
    found = readability("Le service reçoit un message. Vous répondez !")
    # 7 words, 2 sentences; service, message, répondez have more than six letters
    assert (found.words, found.longest_sentence) == (7, 5)
    assert found.lix == pytest.approx(7 / 2 + 100 * 3 / 7)


def test_an_elision_does_not_make_a_word_longer() -> None:
    assert readability("l'écran qu'Amina").lix == pytest.approx(3.0 - 1)
    assert readability("l'imprimante").lix == pytest.approx(1 + 100)


def test_numbers_and_lines() -> None:
    found = readability("Montant : 1 234,50\nAucun autre")
    assert found.words == 4
    assert found.longest_sentence == 2
    assert readability("… !").lix == 0.0


def test_each_band_of_two_levels_has_its_limits() -> None:
    assert [limits_of(level) for level in range(1, 9)] == [one for one in LIMITS for _ in "ab"]
    assert list(LIMITS) == sorted(
        LIMITS, key=lambda one: (one.words, one.longest_sentence, one.lix)
    )


def test_scenario_and_stem_count_together() -> None:
    item = make_item("numeric", content={"scenario": both("un deux"), "stem": both("trois")})
    assert reading_of(item, locale="fr").words == 5
    alone = make_item("numeric", content={"scenario": None, "stem": both("trois")})
    assert reading_of(alone, locale="en").words == 2


def test_what_is_too_hard_for_a_level_is_said() -> None:
    long = make_item("numeric", level=1, content={"stem": both("mot " * 80)})
    assert reading_faults(long, locale="fr") == [
        "fr: 83 words; level 1 allows 75",
        "fr: 81 words in a sentence; level 1 allows 26",
    ]
    hard = make_item("numeric", level=1, content={"stem": both("dématérialisation administrative")})
    (fault,) = reading_faults(hard, locale="en")
    assert fault == "en: 62 LIX; level 1 allows 55"
    assert reading_faults(make_item("numeric", level=8), locale="fr") == []
