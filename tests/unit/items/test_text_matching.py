"""What people really type, and whether it is the accepted text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.items.policy.text_matching import edit_distance, matches, normalised
from pacnum_api.domains.items.types import Difference, TextRules

USUAL = TextRules()
STRICT = TextRules(ignore=frozenset())


@pytest.mark.parametrize(
    ("typed", "accepted"),
    [
        ("Copie cachée", "copie cachée"),
        ("COPIE CACHEE", "copie cachée"),
        ("copie  cachee ", "copie cachée"),
        ("copie\u00a0cachée", "copie cachée"),
        ("l’état civil", "l'état civil"),
        ("œuvre", "oeuvre"),
        ("ŒUVRE", "œuvre"),
        ("cœ\u0301t", "coet"),
        ("=SOMME( B2:B14 )", "=somme(B2:B14)"),
        ("« objet »", '"objet"'),
        ("procès–verbal", "procès-verbal"),
        ("ｅｘｃｅｌ", "excel"),
        ("re\u00adgistre", "registre"),
    ],
)
def test_usual_differences_are_overlooked(typed: str, accepted: str) -> None:
    assert matches(typed, [accepted], rules=USUAL)


@pytest.mark.parametrize(
    ("typed", "accepted", "rules"),
    [
        ("Cci", "CCI", STRICT),
        ("cachee", "cachée", STRICT),
        ("copiecachée", "copie cachée", STRICT),
        ("copie.", "copie", USUAL),
        ("copie carbone", "copie cachée", USUAL),
        ("", "copie", USUAL),
    ],
)
def test_real_differences_count(typed: str, accepted: str, rules: TextRules) -> None:
    assert not matches(typed, [accepted], rules=rules)


def test_spaces_at_the_ends_and_in_runs_never_count() -> None:
    assert matches("  deux   mots ", ["deux mots"], rules=STRICT)


def test_punctuation_only_when_declared() -> None:
    rules = TextRules(ignore=frozenset({Difference.PUNCTUATION}))
    assert matches("oui, merci !", ["oui merci"], rules=rules)
    assert normalised("a.b", frozenset({Difference.PUNCTUATION})) == "a b"


@pytest.mark.parametrize(
    ("typed", "typos", "is_right"),
    [
        ("tabluer", 1, True),  # two neighbours swapped
        ("tableu", 1, True),
        ("tableurr", 1, True),
        ("tablour", 1, True),
        ("tablr", 1, False),
        ("tablr", 2, True),
        ("tableaux", 1, False),
        ("tableur", 0, True),
        ("tabluer", 0, False),
    ],
)
def test_typing_slips(typed: str, typos: int, *, is_right: bool) -> None:
    rules = TextRules(typos=typos)
    assert matches(typed, ["tableur"], rules=rules) is is_right


def test_short_words_allow_no_slip() -> None:
    assert not matches("mail", ["mall"], rules=TextRules(typos=2))


def test_a_wrong_digit_is_no_slip() -> None:
    rules = TextRules(typos=2)
    assert not matches("dossier 0211", ["dossier 0210"], rules=rules)
    assert matches("dosier 0210", ["dossier 0210"], rules=rules)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("ab", "ba", 1), ("abc", "ca", 3), ("chat", "chats", 1), ("niche", "chien", 4)],
)
def test_distances(first: str, second: str, distance: int) -> None:
    """Optimal string alignment: a swapped pair may not be edited again (abc → ca is 3)."""
    assert edit_distance(first, second, limit=9) == distance


@given(st.text("abé", max_size=8), st.text("abé", max_size=8), st.integers(0, 4))
def test_distance_is_symmetric_and_capped(first: str, second: str, limit: int) -> None:
    whole = edit_distance(first, second, limit=50)
    assert edit_distance(second, first, limit=50) == whole
    assert edit_distance(first, second, limit=limit) == min(whole, limit + 1)
    assert (whole == 0) is (first == second)


@given(
    st.text(st.characters(max_codepoint=0x24F), max_size=30),
    st.sets(st.sampled_from(list(Difference))),
)
def test_normalising_twice_changes_nothing(text: str, ignore: set[Difference]) -> None:
    once = normalised(text, ignore)
    assert normalised(once, ignore) == once
