"""Reasons as sentences, in French and in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pacnum_api.domains.recommendations.types import (
    CompetenceCode,
    Reason,
    ReasonCode,
    TrainingKey,
)

_FRENCH = {
    ReasonCode.GAP: (
        "{competence} : vous êtes vers le niveau {level} (entre {low} et {high}), la cible est "
        "{target} ; la formation mène du niveau {entry} au niveau {exit}."
    ),
    ReasonCode.GAP_CERTAIN: (
        "{competence} : vous êtes au niveau {level}, la cible est {target} ; la formation mène du "
        "niveau {entry} au niveau {exit}."
    ),
    ReasonCode.GAIN: "Gain attendu : {levels} (à 90\u202f% entre {low} et {high}).",
    ReasonCode.OPEN_TO_ALL: "Aucun prérequis.",
    ReasonCode.READY: "Vous avez très probablement le niveau demandé à l’entrée ({probability}).",
    ReasonCode.PROBABLY_READY: ("Vous avez plutôt le niveau demandé à l’entrée ({probability})."),
    ReasonCode.STRETCH: (
        "Le niveau demandé à l’entrée n’est pas assuré ({probability}) : prévoyez une préparation."
    ),
    ReasonCode.NEED_NOT_ASSESSED: "Prérequis non évalué, à vérifier : {competences}.",
    ReasonCode.AFTER: "À suivre après « {training} », recommandée plus haut.",
    ReasonCode.ADVISED: "Mieux vaut avoir suivi « {training} » ou en avoir le niveau.",
    ReasonCode.FORMAT: "{modality}, {minutes}.",
    ReasonCode.NEXT_SESSION: "Prochaine session le {date} : {place}, {seats}.",
    ReasonCode.ANY_TIME: "Peut commencer à tout moment.",
    ReasonCode.NO_SESSION: "Aucune session ouverte pour l’instant.",
}
_ENGLISH = {
    ReasonCode.GAP: (
        "{competence}: you are at about level {level} (between {low} and {high}), the target is "
        "{target}; the training leads from level {entry} to level {exit}."
    ),
    ReasonCode.GAP_CERTAIN: (
        "{competence}: you are at level {level}, the target is {target}; the training leads from "
        "level {entry} to level {exit}."
    ),
    ReasonCode.GAIN: "Expected gain: {levels} (90% sure to be between {low} and {high}).",
    ReasonCode.OPEN_TO_ALL: "No prerequisite.",
    ReasonCode.READY: "You very probably have the level asked for at entry ({probability}).",
    ReasonCode.PROBABLY_READY: "You rather have the level asked for at entry ({probability}).",
    ReasonCode.STRETCH: (
        "The level asked for at entry is not certain ({probability}): plan some preparation."
    ),
    ReasonCode.NEED_NOT_ASSESSED: "Prerequisite not assessed, to be checked: {competences}.",
    ReasonCode.AFTER: "To be taken after “{training}”, recommended above.",
    ReasonCode.ADVISED: "Better taken after “{training}”, or with its level.",
    ReasonCode.FORMAT: "{modality}, {minutes}.",
    ReasonCode.NEXT_SESSION: "Next session on {date}: {place}, {seats}.",
    ReasonCode.ANY_TIME: "Can be started at any time.",
    ReasonCode.NO_SESSION: "No session open at present.",
}
_MODALITIES = {
    "fr": {"online": "En ligne", "onsite": "En présentiel", "blended": "En mixte"},
    "en": {"online": "Online", "onsite": "On site", "blended": "Blended"},
}
_FRENCH_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called in the reader's language."""

    competences: Mapping[CompetenceCode, str]
    trainings: Mapping[TrainingKey, str]


def sentence(reason: Reason, *, names: Names, locale: str) -> str:
    """The reason in ``fr`` or ``en``; a code without a name stands for itself."""
    template = (_ENGLISH if locale == "en" else _FRENCH)[reason.code]
    said = {
        name: _said(name, value, names=names, locale=locale)
        for name, value in reason.parameters.items()
    }
    return template.format(**said)


def assess_first(*, trainings: int, locale: str) -> str:
    """What to tell somebody about a competence that was not assessed."""
    if locale == "en":
        served = "1 training serves" if trainings == 1 else f"{trainings} trainings serve"
        return f"Not assessed: take a test first. In the catalogue, {served} this competence."
    match trainings:
        case 0:
            served = "aucune formation ne porte"
        case 1:
            served = "1 formation porte"
        case _:
            served = f"{trainings} formations portent"
    return f"Non évaluée : passez d’abord un test. Au catalogue, {served} sur cette compétence."


def duration(minutes: int, *, locale: str) -> str:
    """A duration as people say it: ``45 min``, ``3 h``, ``3 h 30``."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest}\u00a0min"
    if rest == 0:
        return f"{hours}\u00a0h"
    suffix = "" if locale == "fr" else "\u00a0min"
    return f"{hours}\u00a0h\u00a0{rest:02d}{suffix}"


def decimal(value: float, *, locale: str) -> str:
    """One decimal at most, with the comma or the point of the language."""
    text = f"{value:.1f}".removesuffix(".0")
    return text if locale == "en" else text.replace(".", ",")


def _said(name: str, value: float | str | tuple[str, ...], *, names: Names, locale: str) -> str:
    if isinstance(value, tuple):
        return ", ".join(names.competences.get(code, code) for code in value)
    if isinstance(value, str):
        return _said_text(name, value, names=names, locale=locale)
    return _said_number(name, value, locale=locale)


def _said_text(name: str, value: str, *, names: Names, locale: str) -> str:
    match name:
        case "competence":
            return names.competences.get(value, value)
        case "training":
            return names.trainings.get(value, value)
        case "modality":
            return _MODALITIES[locale][value]
        case "date":
            return _said_date(date.fromisoformat(value), locale=locale)
        case _:
            return value


def _said_number(name: str, value: float, *, locale: str) -> str:
    match name:
        case "probability":
            return f"{value:.0%}" if locale == "en" else f"{100 * value:.0f}\u202f%"
        case "levels":
            return _said_levels(value, locale=locale)
        case "minutes":
            return duration(int(value), locale=locale)
        case "seats":
            unit = "place" if locale == "fr" else "seat"
            return f"{value} {unit}{'s' if value > 1 else ''}"
        case _:
            return decimal(value, locale=locale)


def _said_levels(value: float, *, locale: str) -> str:
    """French counts in the plural from 2, English everything but 1."""
    said = decimal(value, locale=locale)
    if locale == "fr":
        return f"{said} {'niveaux' if value >= 1.95 else 'niveau'}"
    return f"{said} {'level' if said == '1' else 'levels'}"


def _said_date(day: date, *, locale: str) -> str:
    if locale == "en":
        return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"
    ordinal = "1er" if day.day == 1 else str(day.day)
    return f"{ordinal} {_FRENCH_MONTHS[day.month - 1]} {day.year}"
