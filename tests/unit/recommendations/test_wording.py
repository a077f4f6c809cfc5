"""Sentences in both languages."""

import pytest

from pacnum_api.domains.recommendations.policy.wording import (
    Names,
    assess_first,
    decimal,
    duration,
    sentence,
)
from pacnum_api.domains.recommendations.types import Reason, ReasonCode

NAMES = Names(competences={"1.3": "Gérer des données"}, trainings={"x/a": "Ranger ses fichiers"})
GAP = {
    "competence": "1.3",
    "level": 2,
    "low": 1,
    "high": 3,
    "target": 4,
    "entry": 2,
    "exit": 4,
}


def said(code: ReasonCode, locale: str = "fr", **parameters: float | str | tuple[str, ...]) -> str:
    return sentence(Reason(code, parameters), names=NAMES, locale=locale)


@pytest.mark.parametrize(
    ("code", "parameters", "french", "english"),
    [
        (
            ReasonCode.GAP,
            GAP,
            (
                "Gérer des données : vous êtes vers le niveau 2 (entre 1 et 3), la cible est 4 ; "
                "la formation mène du niveau 2 au niveau 4."
            ),
            (
                "Gérer des données: you are at about level 2 (between 1 and 3), the target is 4; "
                "the training leads from level 2 to level 4."
            ),
        ),
        (
            ReasonCode.GAP_CERTAIN,
            GAP,
            (
                "Gérer des données : vous êtes au niveau 2, la cible est 4 ; "
                "la formation mène du niveau 2 au niveau 4."
            ),
            (
                "Gérer des données: you are at level 2, the target is 4; "
                "the training leads from level 2 to level 4."
            ),
        ),
        (
            ReasonCode.GAIN,
            {"levels": 1.23, "low": 0.0, "high": 2.5},
            "Gain attendu : 1,2 niveau (à 90\u202f% entre 0 et 2,5).",
            "Expected gain: 1.2 levels (90% sure to be between 0 and 2.5).",
        ),
        (ReasonCode.OPEN_TO_ALL, {}, "Aucun prérequis.", "No prerequisite."),
        (
            ReasonCode.READY,
            {"probability": 0.876},
            "Vous avez très probablement le niveau demandé à l’entrée (88\u202f%).",
            "You very probably have the level asked for at entry (88%).",
        ),
        (
            ReasonCode.PROBABLY_READY,
            {"probability": 0.6},
            "Vous avez plutôt le niveau demandé à l’entrée (60\u202f%).",
            "You rather have the level asked for at entry (60%).",
        ),
        (
            ReasonCode.STRETCH,
            {"probability": 0.2},
            "Le niveau demandé à l’entrée n’est pas assuré (20\u202f%) : prévoyez une préparation.",
            "The level asked for at entry is not certain (20%): plan some preparation.",
        ),
        (
            ReasonCode.NEED_NOT_ASSESSED,
            {"competences": ("1.3", "9.9")},
            "Prérequis non évalué, à vérifier : Gérer des données, 9.9.",
            "Prerequisite not assessed, to be checked: Gérer des données, 9.9.",
        ),
        (
            ReasonCode.AFTER,
            {"training": "x/a"},
            "À suivre après « Ranger ses fichiers », recommandée plus haut.",
            "To be taken after “Ranger ses fichiers”, recommended above.",
        ),
        (
            ReasonCode.ADVISED,
            {"training": "x/unknown"},
            "Mieux vaut avoir suivi « x/unknown » ou en avoir le niveau.",
            "Better taken after “x/unknown”, or with its level.",
        ),
        (
            ReasonCode.FORMAT,
            {"modality": "blended", "minutes": 210},
            "En mixte, 3\u00a0h\u00a030.",
            "Blended, 3\u00a0h\u00a030\u00a0min.",
        ),
        (
            ReasonCode.NEXT_SESSION,
            {"date": "2027-02-01", "place": "Lyon", "seats": 1},
            "Prochaine session le 1er février 2027 : Lyon, 1 place.",
            "Next session on 1 February 2027: Lyon, 1 seat.",
        ),
        (
            ReasonCode.NEXT_SESSION,
            {"date": "2027-12-13", "place": "Metz", "seats": 12},
            "Prochaine session le 13 décembre 2027 : Metz, 12 places.",
            "Next session on 13 December 2027: Metz, 12 seats.",
        ),
        (
            ReasonCode.ANY_TIME,
            {},
            "Peut commencer à tout moment.",
            "Can be started at any time.",
        ),
        (
            ReasonCode.NO_SESSION,
            {},
            "Aucune session ouverte pour l’instant.",
            "No session open at present.",
        ),
    ],
)
def test_every_reason_is_a_sentence_in_both_languages(
    code: ReasonCode,
    parameters: dict[str, float | str | tuple[str, ...]],
    french: str,
    english: str,
) -> None:
    assert said(code, "fr", **parameters) == french
    assert said(code, "en", **parameters) == english


@pytest.mark.parametrize(
    ("levels", "french", "english"),
    [
        (0.3, "0,3 niveau", "0.3 levels"),
        (1.0, "1 niveau", "1 level"),
        (1.9, "1,9 niveau", "1.9 levels"),
        (2.0, "2 niveaux", "2 levels"),
    ],
)
def test_levels_are_counted_as_the_language_does(levels: float, french: str, english: str) -> None:
    assert french + " (" in said(ReasonCode.GAIN, "fr", levels=levels, low=0.0, high=3.0)
    assert english + " (" in said(ReasonCode.GAIN, "en", levels=levels, low=0.0, high=3.0)


@pytest.mark.parametrize(
    ("minutes", "french", "english"),
    [
        (45, "45\u00a0min", "45\u00a0min"),
        (120, "2\u00a0h", "2\u00a0h"),
        (605, "10\u00a0h\u00a005", "10\u00a0h\u00a005\u00a0min"),
    ],
)
def test_durations(minutes: int, french: str, english: str) -> None:
    assert duration(minutes, locale="fr") == french
    assert duration(minutes, locale="en") == english


def test_decimals() -> None:
    assert decimal(2.04, locale="fr") == "2"
    assert decimal(2.06, locale="fr") == "2,1"
    assert decimal(2.06, locale="en") == "2.1"


@pytest.mark.parametrize(
    ("trainings", "french", "english"),
    [
        (0, "aucune formation ne porte", "0 trainings serve"),
        (1, "1 formation porte", "1 training serves"),
        (6, "6 formations portent", "6 trainings serve"),
    ],
)
def test_what_was_not_assessed_is_to_be_tested_first(
    trainings: int, french: str, english: str
) -> None:
    assert french in assess_first(trainings=trainings, locale="fr")
    assert english in assess_first(trainings=trainings, locale="en")
