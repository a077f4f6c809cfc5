"""A bank is linted as a whole: its items, what they say together, its proofs."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pacnum_api.domains.items.service.lint_bank import (
    BankGoals,
    BankLint,
    LintRules,
    WholeBank,
    lint_bank,
    lint_json,
    lint_text,
)
from tests.support.authored_items import authored, both, option, part

TODAY = date(2026, 11, 25)
NOTE = {"name": "note.txt", "alt": both("note"), "kind": "text", "text": both("total 12")}


def lint(folder: Path, *items: dict[str, Any], **settings: Any) -> BankLint:
    folder.mkdir(exist_ok=True)
    document = {"framework": "digcomp-2.2", "competence": "1.1", "items": list(items)}
    (folder / "1.1.yaml").write_text(json.dumps(document))  # JSON is YAML without aliases
    whole = settings.pop("whole", None)
    rules = LintRules(
        today=TODAY,
        seeds=settings.pop("seeds", 5),
        proofs_folder=settings.pop("proofs", None),
    )
    return lint_bank([folder], rules, whole=whole, **settings)


def item(name: str, of_type: str = "numeric", **changes: Any) -> dict[str, Any]:
    level = changes.pop("level", 3)
    content = {"stem": both(f"question {name}"), **changes.pop("content", {})}
    changes = {"outcomes": ["LO1.1.01"], "key": f"1.1-{level}-{name}", "level": level, **changes}
    return authored(of_type, content=content, **changes)


def told(found: BankLint) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.message) for fault in found.faults]


def doubted(found: BankLint) -> list[tuple[str, str]]:
    return [(doubt.pointer, doubt.message) for doubt in found.doubts]


def test_a_sound_bank_is_clean(tmp_path: Path) -> None:
    counted: list[int] = []
    found = lint(tmp_path, item("calcul"), item("choix", "ordering"), notice=counted.append)
    assert found.is_clean
    assert counted == [2]
    assert lint_text(found).endswith("2 items, 0 faults, 0 doubts")
    assert json.loads(lint_json(found))["is_clean"] is True


def test_faults_of_form_are_told_with_their_line(tmp_path: Path) -> None:
    found = lint(tmp_path, item("calcul", level=9))
    assert not found.is_clean
    assert found.faults[0].line > 0
    assert lint_text(found).startswith("fault  ")
    assert json.loads(lint_json(found))["faults"]


def test_facts_grow_old(tmp_path: Path) -> None:
    def fact(day: str) -> dict[str, Any]:
        return {"statement": "s", "source": "x", "as_of": "2026-01-01", "review_by": day}

    facts = [fact("2026-11-24"), fact("2026-11-25"), fact("2027-02-23")]
    found = lint(tmp_path, item("calcul", facts=facts))
    assert told(found) == [
        ("/facts/0/review_by", "1.1-3-calcul: was to be looked at again by 2026-11-24")
    ]
    assert doubted(found) == [
        ("/facts/1/review_by", "1.1-3-calcul: is to be looked at again by 2026-11-25")
    ]


def test_outcomes_are_looked_up(tmp_path: Path) -> None:
    found = lint(tmp_path, item("a", outcomes=["LO1.1.99"]), item("b", "ordering", outcomes=[]))
    assert told(found) == [
        ("/outcomes/0", "1.1-3-a: LO1.1.99 is no learning outcome of DigComp 3.0")
    ]
    assert ("/outcomes", "1.1-3-b: no learning outcome is named") in doubted(found)


def test_feedback_is_not_shown_before_the_answer(tmp_path: Path) -> None:
    feedback = {"correct": both("il y en a deux par bureau"), "incorrect": both("relisez")}
    stem = {"fr": "il y en a deux par bureau (fr) ?", "en": "how many?"}
    found = lint(tmp_path, item("a", feedback=feedback, content={"stem": stem}))
    assert told(found) == [
        (
            "/feedback/correct",
            "1.1-3-a: fr: “il y en a deux par bureau (fr)” is shown before the answer",
        )
    ]


def test_texts_too_hard_and_drawings_untold(tmp_path: Path) -> None:
    svg = '<svg viewBox="0 0 9 9"><text x="1" y="1">Imprimer</text></svg>'
    drawing = {"name": "a.svg", "alt": both("vue"), "kind": "svg", "svg": svg}
    found = lint(
        tmp_path, item("a", content={"stem": both("mot " * 120 + "fin"), "files": [drawing]})
    )
    pointers = [pointer for pointer, _ in told(found)]
    assert pointers.count("/content/stem") == 6  # words, sentence, LIX
    assert pointers.count("/content/files/0/alt") == 2


def test_variants_are_tried_with_the_seeds_asked_for(tmp_path: Path) -> None:
    template = {"parameters": {"n": {"choice": [5, 6]}}}
    drawn = item("a", template=template, answer={"value": "{{ n }}"})
    found = told(lint(tmp_path, drawn, seeds=200))
    assert ("/template", "1.1-3-a: 2 different answers in 200 variants") in found
    text = lint_text(lint(tmp_path, drawn, seeds=20))
    assert "templates: 1, 20 seeds each" in text
    broken = item("a", template=template, answer={"value": "{{ 1 / (n - 6) }}"})
    assert "seed" in str(told(lint(tmp_path, broken, seeds=20)))


def test_items_that_say_the_same(tmp_path: Path) -> None:
    words = both("trier deux cents dossiers archives selon leur date de versement")
    twins = [item(name, content={"scenario": None, "stem": words}) for name in ("a", "b")]
    others = [
        item(f"x{n}", "ordering", content={"stem": both(f"sujet{n} autre{n}")}) for n in range(5)
    ]
    found = lint(tmp_path, *twins, *others)
    assert ("", "1.1-3-b: says the same as 1.1-3-a (1.00)") in told(found)
    assert "1 pairs from 0.60 on" in lint_text(found)


def test_like_items_are_enemies_or_less_alike(tmp_path: Path) -> None:
    shared = "trier deux cents dossiers archives versement"
    first = item(
        "a", content={"scenario": None, "stem": both(f"{shared} selon leur annee complete")}
    )
    second = item("b", content={"scenario": None, "stem": both(f"{shared} parmi les bordereaux")})
    others = [
        item(f"x{n}", "ordering", content={"stem": both(f"sujet{n} autre{n}")}) for n in range(9)
    ]
    (fault,) = told(lint(tmp_path, first, second, *others))
    assert fault[1].startswith("1.1-3-b: is like 1.1-3-a (0.")
    assert told(lint(tmp_path, first, {**second, "enemies": ["1.1-3-a"]}, *others)) == []
    lost = lint(tmp_path, {**first, "enemies": ["1.1-3-nobody"]})
    assert told(lost) == [("/enemies", "1.1-3-a: there is no item 1.1-3-nobody")]


def test_somewhat_like_items_are_doubted(tmp_path: Path) -> None:
    shared = "trier deux cents dossiers"
    first = item(
        "a",
        content={
            "scenario": None,
            "stem": both(f"{shared} selon leur annee complete"),
        },
    )
    second = item(
        "b",
        content={
            "scenario": None,
            "stem": both(f"{shared} parmi bordereaux envoyes lundi matin depuis Cayenne"),
        },
    )
    others = [
        item(f"x{n}", "ordering", content={"stem": both(f"sujet{n} autre{n}")}) for n in range(9)
    ]
    found = lint(tmp_path, first, second, *others)
    assert told(found) == []
    assert "is somewhat like 1.1-3-a" in str(doubted(found))
    known = lint(tmp_path, {**first, "enemies": ["1.1-3-b"]}, second, *others)
    assert "is somewhat like" not in str(doubted(known))


def test_a_key_stands_once(tmp_path: Path) -> None:
    lint(tmp_path / "one", item("a"))
    lint(tmp_path / "two", item("a", "ordering"))
    found = lint_bank([tmp_path], LintRules(TODAY, seeds=1, proofs_folder=None))
    assert [pointer for pointer, _ in told(found)].count("/key") == 2


def choices(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Single choices about different things."""
    return [
        item(f"c{n}", "single_choice", content={"stem": both(f"sujet{n} objet{n}")}, **changes)
        for n in range(count)
    ]


def test_guessers_are_held_against_chance(tmp_path: Path) -> None:
    options = [
        {**part("right"), "text": both("une option nettement plus longue que les autres")},
        *(option(name) for name in ("b", "c", "d")),
    ]
    found = lint(tmp_path, *choices(30, interaction={"options": options}))
    assert "longest option earns 1.000 on all items, 0.750 above chance; at most 0.05" in (
        found.bank_faults
    )
    assert any("on single_choice" in fault for fault in found.bank_faults)
    assert "100% of single choices are written with their key first" in found.bank_faults
    assert "above +0.05" in lint_text(found)
    document = json.loads(lint_json(found))
    assert document["authored_places"] == {"1": 30}
    assert {row["guesser"] for row in document["guessers"]} == {
        *("longest", "not_longest", "shortest", "first", "shared_words")
    }


def test_keys_spread_over_the_places_are_no_fault(tmp_path: Path) -> None:
    names = ("right", "b", "c", "d")
    items = [
        item(
            f"c{n}",
            "single_choice",
            content={
                "stem": both(f"sujet{n} objet{n}"),
                "interaction": {"options": [option(names[(n + k) % 4]) for k in range(4)]},
            },
        )
        for n in range(32)
    ]
    found = lint(tmp_path, *items)
    assert not [fault for fault in found.bank_faults if "key first" in fault]


def test_absolute_words_in_wrong_options_alone(tmp_path: Path) -> None:
    options = [
        option("b"),
        {**option("c"), "text": both("jamais")},
        {**option("d"), "text": both("toujours ainsi")},
        {**part("right"), "text": both("parfois")},
    ]
    found = lint(
        tmp_path,
        item(
            "a",
            "single_choice",
            interaction={"options": options},
            content={"interaction": {"options": options}},
        ),
    )
    assert "absolute words are in 66.7% of wrong options and in 0.0% of right ones" in (
        found.bank_faults
    )
    assert "only wrong options have absolute words" in str(doubted(found))


def test_a_bank_for_use_covers_its_framework(tmp_path: Path) -> None:
    goals = BankGoals(items_per_cell=1, items_with_files=1, templates=1, items_per_theme=1)
    whole = WholeBank(("1.1", "1.2"), levels=4, goals=goals)
    found = lint(tmp_path, item("a"), item("b", level=4), whole=whole)
    assert "1.1 level 1: 0 of 1 items" in found.bank_faults
    assert "1.1 level 3: 0 of 1 items" not in found.bank_faults
    assert "1.2 level 3: 0 of 1 items" in found.bank_faults
    assert "100% of the items are numeric" in found.bank_faults
    assert "0 items with files; at least 1" in found.bank_faults
    assert "0 seeded templates; at least 1" in found.bank_faults
    assert "0 items on ia; at least 1" in found.bank_faults


PROOF = """
from pacnum_api.domains.items.service.lint_bank.cases import ProofFailed

def total(case):
    return int(case.text().split()[1])

def wrong(case):
    return 13

def lost(case):
    raise ProofFailed("no total")

def shapeless(case):
    return "x" * 400

PROOFS = {"1.1-3-a": total, "1.1-3-b": wrong, "1.1-3-c": lost, "1.1-3-f": shapeless}
JUDGED = {"1.1-3-d": "a matter of judgement"}
"""


def test_keys_are_found_again_by_other_code(tmp_path: Path) -> None:
    proofs = tmp_path / "proofs"
    proofs.mkdir()
    (proofs / "p.py").write_text(PROOF)
    content = {"scenario": None, "files": [NOTE]}
    found = lint(
        tmp_path / "bank",
        *(
            item(name, answer={"value": 12}, content={**content, "stem": both(f"sujet{name}x")})
            for name in "abcdef"
        ),
        item("g", "ordering"),
        proofs=proofs,
    )
    assert [(pointer, message) for pointer, message in told(found) if pointer != ""] == [
        ("/answer", "1.1-3-b: seed 0, fr: the proof says 13, which is not the key"),
        ("/answer", "1.1-3-c: seed 0, fr: the proof failed: ProofFailed: no total"),
        ("/content/files", "1.1-3-e: has files, and no proof finds its key in them"),
        ("/answer", told(found)[-1][1]),
    ]
    assert "which is no answer" in told(found)[-1][1]
    assert "1 proved, 1 judged, 3 refuted, 1 missing" in lint_text(found)


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    lint(tmp_path / "one", item("a"))
    lint(tmp_path / "two", item("b", "ordering"))
    rules = LintRules(TODAY, seeds=1, proofs_folder=None)
    alone, shared = (lint_bank([tmp_path], rules, processes=count) for count in (1, 2))
    assert lint_text(alone) == lint_text(shared)


@pytest.mark.parametrize("with_doubts", [True, False])
def test_doubts_may_be_left_out(tmp_path: Path, *, with_doubts: bool) -> None:
    text = lint_text(lint(tmp_path, item("a", outcomes=[])), with_doubts=with_doubts)
    assert ("doubt  " in text) is with_doubts
    assert text.endswith("1 doubts")
