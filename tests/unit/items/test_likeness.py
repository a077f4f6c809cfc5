"""Items that say nearly the same are found, whatever the order of their words."""

import pytest

from pacnum_api.domains.items.policy.likeness import alike, fingerprint
from tests.support.authored_items import both, make_item


def test_a_fingerprint_is_the_words_of_question_and_parts() -> None:
    item = make_item(
        "single_choice",
        content={"scenario": None, "stem": both("Ranger le DOSSIER, ranger {{ total }} pièces")},
    )
    words = fingerprint(item)
    assert words["ranger"] == 2
    assert words["dossier"] == 1
    assert words["right"] == 1
    assert "total" not in words
    assert fingerprint(make_item("numeric"))["situation"] == 1


def test_the_most_alike_come_first() -> None:
    found = alike(
        {
            "a": {"ranger": 1, "dossier": 1, "agent": 1},
            "b": {"ranger": 1, "dossier": 1, "agent": 1},
            "c": {"ranger": 1, "virus": 1, "agent": 1},
            "d": {"ecran": 2, "agent": 1},
        },
        from_cosine=0.0001,
    )
    assert (found[0].first, found[0].second) == ("a", "b")
    assert found[0].cosine == pytest.approx(1.0)
    assert {(one.first, one.second) for one in found[1:]} == {("a", "c"), ("b", "c")}
    assert alike({"a": {"x": 1}, "b": {"x": 1}}, from_cosine=0.1) == []  # all have it: no sense
