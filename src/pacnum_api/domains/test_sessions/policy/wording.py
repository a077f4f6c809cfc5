"""How a test went, in sentences for whoever knows nothing of measurement, in French and English."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pacnum_api.psychometrics.stopping import StopReason

_FRENCH: Mapping[str, str] = {
    "from_population": (
        "Aucun test antérieur n’a été pris en compte : la mesure est partie de la moyenne de la "
        "population, sans rien supposer de l’agent."
    ),
    "from_earlier": (
        "La mesure est partie de ce que l’agent avait montré au test du {date}, avec une "
        "incertitude élargie par le temps écoulé ; les réponses d’aujourd’hui l’emportent."
    ),
    "one_answer": "Une réponse a été donnée.",
    "answers": "{count} réponses ont été données.",
    "together": (
        "Les compétences ont été estimées ensemble : une réponse sur l’une renseigne aussi, un "
        "peu, sur les autres."
    ),
    "held_back_one": (
        "Une question n’a pas été proposée parce que d’autres tests l’ont trop montrée ; cela ne "
        "dépend pas de l’agent."
    ),
    "held_back": (
        "{count} questions n’ont pas été proposées parce que d’autres tests les ont trop "
        "montrées ; cela ne dépend pas de l’agent."
    ),
    "tried_out_one": "Une question était à l’essai : la réponse ne compte pas.",
    "tried_out": "{count} questions étaient à l’essai : les réponses ne comptent pas.",
    "under_way": "Le test est en cours.",
}
_ENGLISH: Mapping[str, str] = {
    "from_population": (
        "No earlier test was taken into account: the measurement started from the average of the "
        "population and assumed nothing about the agent."
    ),
    "from_earlier": (
        "The measurement started from what the agent had shown in the test of {date}, less sure "
        "for the time that has passed; today’s answers prevail."
    ),
    "one_answer": "One answer was given.",
    "answers": "{count} answers were given.",
    "together": (
        "The competences were estimated together: an answer about one also says a little about "
        "the others."
    ),
    "held_back_one": (
        "One question was held back because other tests had shown it too often; that does not "
        "depend on the agent."
    ),
    "held_back": (
        "{count} questions were held back because other tests had shown them too often; that does "
        "not depend on the agent."
    ),
    "tried_out_one": "One question was on trial: its answer does not count.",
    "tried_out": "{count} questions were on trial: their answers do not count.",
    "under_way": "The test is under way.",
}
_FRENCH_ENDS: Mapping[StopReason, str] = {
    StopReason.PRECISION_REACHED: (
        "Le test s’est arrêté parce que chaque compétence était mesurée avec la précision voulue."
    ),
    StopReason.LEVEL_CERTAIN: (
        "Le test s’est arrêté parce que le niveau de chaque compétence était assez sûr."
    ),
    StopReason.TARGET_DECIDED: (
        "Le test s’est arrêté parce qu’il était assez sûr, pour chaque compétence, que le niveau "
        "visé est atteint ou ne l’est pas."
    ),
    StopReason.NO_MORE_TO_GAIN: (
        "Le test s’est arrêté parce qu’aucune question restante n’aurait appris assez de plus."
    ),
    StopReason.NO_ITEM_LEFT: "Le test s’est arrêté parce qu’il ne restait plus de question.",
    StopReason.ITEM_BUDGET: (
        "Le test s’est arrêté parce que le nombre maximal de questions était atteint."
    ),
    StopReason.TIME_BUDGET: "Le test s’est arrêté parce que le temps prévu était écoulé.",
    StopReason.FINISHED_EARLY: "Le test a été arrêté avant son terme, sur demande.",
    StopReason.ABANDONED: "Le test a été abandonné : il n’en reste aucun résultat.",
    StopReason.EXPIRED: "Le test n’a pas été terminé dans le délai prévu.",
}
_ENGLISH_ENDS: Mapping[StopReason, str] = {
    StopReason.PRECISION_REACHED: (
        "The test stopped because every competence was measured as precisely as wished."
    ),
    StopReason.LEVEL_CERTAIN: (
        "The test stopped because the level of every competence was certain enough."
    ),
    StopReason.TARGET_DECIDED: (
        "The test stopped because it was certain enough, for every competence, whether the level "
        "aimed at is reached."
    ),
    StopReason.NO_MORE_TO_GAIN: (
        "The test stopped because no question left would have told enough more."
    ),
    StopReason.NO_ITEM_LEFT: "The test stopped because no question was left.",
    StopReason.ITEM_BUDGET: (
        "The test stopped because the greatest number of questions was reached."
    ),
    StopReason.TIME_BUDGET: "The test stopped because the time for it was over.",
    StopReason.FINISHED_EARLY: "The test was ended early, on request.",
    StopReason.ABANDONED: "The test was abandoned: no result of it remains.",
    StopReason.EXPIRED: "The test was not finished within its time.",
}
_FRENCH_REASONS: Mapping[StopReason, str] = {
    StopReason.PRECISION_REACHED: "précision voulue atteinte",
    StopReason.LEVEL_CERTAIN: "niveau assez sûr",
    StopReason.TARGET_DECIDED: "réponse assez sûre quant au niveau visé",
    StopReason.NO_MORE_TO_GAIN: "plus rien de notable à apprendre",
    StopReason.NO_ITEM_LEFT: "plus de question disponible",
    StopReason.ITEM_BUDGET: "nombre maximal de questions atteint",
    StopReason.TIME_BUDGET: "temps écoulé",
}
_ENGLISH_REASONS: Mapping[StopReason, str] = {
    StopReason.PRECISION_REACHED: "as precise as wished",
    StopReason.LEVEL_CERTAIN: "level certain enough",
    StopReason.TARGET_DECIDED: "certain enough about the level aimed at",
    StopReason.NO_MORE_TO_GAIN: "nothing notable left to learn",
    StopReason.NO_ITEM_LEFT: "no question left",
    StopReason.ITEM_BUDGET: "greatest number of questions reached",
    StopReason.TIME_BUDGET: "time over",
}


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What the sentences speak of.

    ``earlier_on``: the day of the test that this one started from, None for the population;
    ``is_joint``: competences were estimated together, and there are several; ``closed``: why each
    competence was done, by its code; ``stop_reason``: None while the test is under way.
    """

    answered: int
    tried_out: int
    held_back: int
    earlier_on: date | None
    is_joint: bool
    closed: Mapping[str, StopReason]
    stop_reason: StopReason | None


def summary_of(facts: CourseFacts, *, locale: str) -> list[str]:
    """A few sentences, in the order in which things happened; French unless ``en`` is asked."""
    words = _ENGLISH if locale == "en" else _FRENCH
    ends = _ENGLISH_ENDS if locale == "en" else _FRENCH_ENDS
    said = [_start(facts, words=words, locale=locale)]
    if facts.is_joint:
        said.append(words["together"])
    said += _counted(words, "held_back", count=facts.held_back)
    said.append(
        words["one_answer"]
        if facts.answered == 1
        else words["answers"].format(count=facts.answered)
    )
    said += _counted(words, "tried_out", count=facts.tried_out)
    said += _closed(facts.closed, locale=locale)
    said.append(words["under_way"] if facts.stop_reason is None else ends[facts.stop_reason])
    return said


def _start(facts: CourseFacts, *, words: Mapping[str, str], locale: str) -> str:
    if facts.earlier_on is None:
        return words["from_population"]
    pattern = "%Y-%m-%d" if locale == "en" else "%d/%m/%Y"
    return words["from_earlier"].format(date=facts.earlier_on.strftime(pattern))


def _counted(words: Mapping[str, str], name: str, *, count: int) -> Sequence[str]:
    if count == 0:
        return ()
    return (words[f"{name}_one"] if count == 1 else words[name].format(count=count),)


def _closed(closed: Mapping[str, StopReason], *, locale: str) -> Iterable[str]:
    """A sentence for each reason, with the competences that were done for it."""
    reasons, colon = (_ENGLISH_REASONS, ":") if locale == "en" else (_FRENCH_REASONS, " :")
    codes: dict[StopReason, list[str]] = {}
    for code, reason in closed.items():
        codes.setdefault(reason, []).append(code)
    for reason, those in codes.items():
        yield f"{', '.join(those)}{colon} {reasons[reason]}."
