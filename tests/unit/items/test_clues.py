"""Absolute words are counted in right and wrong options apart."""

from typing import Any

from pacnum_api.domains.items.policy.clues import AbsoluteWords, absolute_words, gives_away
from tests.support.authored_items import make_item, part


def item_of(of_type: str, *texts: str, right: str) -> Any:
    options = [{**part(f"o{n}"), "text": {"fr": text, "en": "x"}} for n, text in enumerate(texts)]
    answer = {"choice": right} if of_type == "single_choice" else {"choices": [right]}
    return make_item(of_type, interaction={"options": options}, answer=answer)


def test_absolutes_are_counted() -> None:
    single = item_of("single_choice", "Jamais", "Toujours et uniquement", "Parfois", right="o2")
    assert absolute_words(single) == AbsoluteWords(1, 0, 2, 2)
    assert gives_away(single)
    boxes = item_of("multiple_choice", "aucune", "oui", "non", "peut-être", right="o0")
    assert absolute_words(boxes) == AbsoluteWords(1, 1, 3, 0)
    assert not gives_away(boxes)
    assert not gives_away(make_item("numeric"))


def test_rates() -> None:
    total = AbsoluteWords(2, 1, 4, 3) + AbsoluteWords(2, 0, 4, 0)
    assert (total.right_rate, total.wrong_rate) == (0.25, 0.375)
    assert (AbsoluteWords().right_rate, AbsoluteWords().wrong_rate) == (0.0, 0.0)
