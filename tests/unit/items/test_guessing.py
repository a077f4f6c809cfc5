"""Guessers answer by looks alone; chance is held against every answer of the same shape."""

from itertools import combinations, permutations, product
from statistics import fmean
from typing import Any

import pytest

from pacnum_api.domains.items.policy import guessing
from pacnum_api.domains.items.policy.grading import judge
from pacnum_api.domains.items.policy.guessing import Guesser, content_words, guesses
from pacnum_api.domains.items.policy.responses import Given
from pacnum_api.domains.items.types import Item
from tests.support.authored_items import TYPES, make_item, option, part


def scores(item: Item, *, seed: int = 0, locale: str = "fr") -> dict[Guesser, float]:
    return {guess.guesser: guess.score for guess in guesses(item, seed=seed, locale=locale)}


def chances(item: Item) -> dict[Guesser, float]:
    return {guess.guesser: guess.chance for guess in guesses(item, seed=0, locale="fr")}


def mean(item: Item, answers: list[Given]) -> float:
    return fmean(judge(item, given, seed=0).score for given in answers)


def one_of(item: Item, name: str = "options", *, count: int = 1) -> list[Given]:
    ids = [one.id for one in getattr(item.task.interaction, name)]
    return [Given(chosen=chosen) for chosen in combinations(ids, count)]


def any_boxes(item: Item) -> list[Given]:
    return [given for count in range(1, 6) for given in one_of(item, count=count)]


PARTIAL = {"partial": True}


@pytest.mark.parametrize("answer", [{}, PARTIAL, {"choices": ["yes1"]}])
def test_chance_of_boxes_is_the_mean_over_all_answers(answer: dict[str, Any]) -> None:
    item = make_item("multiple_choice", answer=answer)
    assert chances(item)[Guesser.EVERYTHING] == pytest.approx(mean(item, any_boxes(item)))
    assert chances(item)[Guesser.LONGEST] == pytest.approx(mean(item, one_of(item)))


def test_chance_of_one_option_and_of_regions() -> None:
    single = make_item("single_choice")
    assert chances(single) == dict.fromkeys(list(Guesser)[:5], 0.25)
    assert mean(single, one_of(single)) == 0.25
    two = make_item(
        "hotspot", interaction={"select": 2}, answer={"regions": ["bottom", "top_left"]}
    )
    expected = mean(two, one_of(two, "regions", count=2))
    assert list(chances(two).values()) == [pytest.approx(expected)] * 5


@pytest.mark.parametrize("answer", [{}, PARTIAL])
def test_chance_of_an_order_is_the_mean_over_all_orders(answer: dict[str, Any]) -> None:
    item = make_item("ordering", answer=answer)
    ids = [entry.id for entry in item.task.interaction.entries]  # type: ignore[union-attr]  # an ordering
    orders = [Given(chosen=order) for order in permutations(ids)]
    assert chances(item) == {Guesser.FIRST: pytest.approx(mean(item, orders))}


@pytest.mark.parametrize("answer", [{}, PARTIAL])
def test_chance_of_pairs_is_the_mean_over_all_pairings(answer: dict[str, Any]) -> None:
    item = make_item("matching", answer=answer)
    pairings = [
        Given(pairs=dict(zip(("la", "lb", "lc"), rights, strict=True)))
        for rights in permutations(("ra", "rb", "rc", "rd"), 3)
    ]
    expected = pytest.approx(mean(item, pairings))
    assert chances(item) == {Guesser.FIRST: expected, Guesser.SHARED_WORDS: expected}


@pytest.mark.parametrize("answer", [{}, PARTIAL])
def test_chance_of_categories_is_the_mean_over_all_sortings(answer: dict[str, Any]) -> None:
    item = make_item("categorisation", answer=answer)
    sortings = [
        Given(pairs=dict(zip(("ea", "eb", "ec", "ed"), categories, strict=True)))
        for categories in product(("keep", "drop"), repeat=4)
    ]
    assert list(chances(item).values()) == [pytest.approx(mean(item, sortings))] * 5
    assert Guesser.EVERYTHING not in chances(item)


@pytest.mark.parametrize("answer", [{}, PARTIAL])
@pytest.mark.parametrize("has_only_lists", [True, False])
def test_chance_of_gaps_is_the_mean_over_all_lists(
    answer: dict[str, Any], *, has_only_lists: bool
) -> None:
    item = make_item("cloze", answer=answer)
    if has_only_lists:
        gaps = [
            {"id": name, "kind": "choice", "options": [option("good"), option("bad"), option("no")]}
            for name in ("one", "two")
        ]
        item = make_item(
            "cloze",
            interaction={
                "text": {"fr": "[[one]] [[two]]", "en": "[[two]] [[one]]"},
                "blanks": gaps,
            },
            answer={**answer, "blanks": {"one": {"choice": "good"}, "two": {"choice": "bad"}}},
        )
    blanks = [blank for blank in item.task.interaction.blanks if blank.options]  # type: ignore[union-attr]  # a cloze
    filled = [
        Given(
            blanks={
                blank.id: Given(chosen=(chosen.id,))
                for blank, chosen in zip(blanks, options, strict=True)
            }
        )
        for options in product(*(blank.options for blank in blanks))
    ]
    assert list(chances(item).values()) == [pytest.approx(mean(item, filled))] * 5


def test_gaps_to_write_in_are_not_guessed() -> None:
    written = make_item(
        "cloze",
        interaction={
            "text": {"fr": "[[word]] [[count]]", "en": "[[word]] [[count]]"},
            "blanks": [{"id": "word", "kind": "text"}, {"id": "count", "kind": "number"}],
        },
        answer={"blanks": {"word": {"accepted": ["x"]}, "count": {"value": 1}}},
    )
    assert guesses(written, seed=0, locale="fr") == []
    assert guesses(make_item("numeric"), seed=0, locale="fr") == []
    assert guesses(make_item("short_text"), seed=0, locale="fr") == []


def said(name: str, text: str) -> dict[str, Any]:
    return {**part(name), "text": {"fr": text, "en": text[::-1]}}


def test_the_longest_option_of_the_reader_is_taken() -> None:
    options = [said("a", "bref"), said("right", "de loin la plus longue"), said("c", "moyenne")]
    item = make_item("single_choice", interaction={"options": options})
    assert scores(item)[Guesser.LONGEST] == 1.0
    assert (
        scores(
            make_item(
                "single_choice",
                interaction={
                    "options": [said("a", "tout de même un peu plus longue"), *options[1:]]
                },
            )
        )[Guesser.LONGEST]
        == 0.0
    )


def test_any_option_but_the_longest_is_taken() -> None:
    options = [said("a", "bref"), said("right", "moyenne"), said("c", "de loin la plus longue")]

    def score(*texts: dict[str, Any]) -> float:
        item = make_item("single_choice", interaction={"options": list(texts)})
        return fmean(scores(item, seed=seed)[Guesser.NOT_LONGEST] for seed in range(200))

    assert score(*options) == pytest.approx(1 / 2, abs=0.1)
    assert score(said("right", "encore plus longue que toutes"), *options[::2]) == 0.0
    same = [said("right", "un"), said("b", "du"), said("c", "le")]
    assert score(*same) == pytest.approx(1 / 3, abs=0.1)


def test_the_shortest_option_is_taken() -> None:
    options = [said("a", "assez longue"), said("right", "bref"), said("c", "moyenne")]
    item = make_item("single_choice", interaction={"options": options})
    assert (scores(item)[Guesser.SHORTEST], scores(item)[Guesser.LONGEST]) == (1.0, 0.0)


def test_the_first_option_is_that_shown_first() -> None:
    item = make_item("single_choice", interaction={"shuffle": False})
    assert {scores(item, seed=seed)[Guesser.FIRST] for seed in range(9)} == {1.0}
    shuffled = [scores(make_item("single_choice"), seed=seed)[Guesser.FIRST] for seed in range(200)]
    assert fmean(shuffled) == pytest.approx(0.25, abs=0.1)


def test_words_are_shared_with_scenario_and_stem() -> None:
    options = [
        said("a", "Éteindre"),
        said("right", "Consulter l'annuaire"),
        said("c", "Rien du tout"),
    ]
    item = make_item(
        "single_choice",
        interaction={"options": options},
        content={
            "scenario": None,
            "stem": {"fr": "Où est l'ANNUAIRE ?", "en": "Where?"},
            "interaction": {"options": options},
        },
    )
    assert scores(item)[Guesser.SHARED_WORDS] == 1.0


def test_pairs_and_categories_are_made_by_shared_words() -> None:
    left = [
        said("la", "un agenda partagé"),
        said("lb", "une facture payée"),
        said("lc", "du papier"),
    ]
    right = [said("rc", "corbeille"), said("rb", "facture"), said("ra", "agenda"), said("rd", "x")]
    item = make_item("matching", interaction={"left": left, "right": right, "shuffle": False})
    assert scores(item)[Guesser.SHARED_WORDS] == 1.0
    entries = [said(name, "à garder ici") for name in ("ea", "eb")]
    entries += [said(name, "à jeter vite") for name in ("ec", "ed")]
    sorting = make_item(
        "categorisation",
        interaction={
            "categories": [said("keep", "garder"), said("drop", "jeter")],
            "entries": entries,
        },
    )
    assert scores(sorting)[Guesser.SHARED_WORDS] == 1.0


def test_all_boxes_lose_what_is_wrong() -> None:
    item = make_item("multiple_choice", answer=PARTIAL)
    assert scores(item)[Guesser.EVERYTHING] == pytest.approx(1 / 3)


@pytest.mark.parametrize("of_type", TYPES)
def test_a_guess_is_worth_what_an_answer_is(of_type: str) -> None:
    for seed in range(5):
        for guess in guesses(make_item(of_type), seed=seed, locale="en"):
            assert 0.0 <= guess.score <= 1.0
            assert 0.0 <= guess.chance <= 1.0


def test_words_are_compared_without_case_accents_and_little_words() -> None:
    assert content_words("L'Éléphant, de la mer !") == {"elephant"}


def test_what_is_no_task_is_nothing_to_guess() -> None:
    with pytest.raises(TypeError, match="nothing to guess"):
        guessing._given(object(), None)  # type: ignore[arg-type]  # whoever adds a type forgets one
