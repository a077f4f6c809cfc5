"""What makes a catalogue sound."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pacnum_api
from pacnum_api.domains.referential.schemas import FrameworkDocument
from pacnum_api.domains.referential.types import Framework, LocalisedText
from pacnum_api.domains.trainings import policy
from pacnum_api.domains.trainings.types import (
    CompetenceStep,
    Modality,
    Prerequisites,
    Provider,
    ProviderKind,
    RequiredLevel,
    TrainingContent,
    TrainingSessionContent,
    TrainingSessionState,
    TrainingState,
    TrainingTexts,
)
from pacnum_api.platform.documents import load_yaml

CONTENT_FOLDER = Path(pacnum_api.__file__).parent / "content"
TEXT = LocalisedText("Accès aux données", "Data access")
SOUND = TrainingContent(
    provider=Provider(ProviderKind.LMS, TEXT),
    texts=TrainingTexts(
        TEXT,
        LocalisedText("Œuvrer ensemble", "Working together"),
        (LocalisedText("Éviter l’écueil", "Avoid the pitfall"),),
        LocalisedText("Tous", "Everyone"),
    ),
    competences=(
        CompetenceStep("digcomp-2.2", "1.1", 0, 2),
        CompetenceStep("digcomp-2.2", "1.2", 2, 4),
    ),
    modality=Modality.ONLINE,
    duration_minutes=30,
    language="fr",
    accessibility=(),
    link="https://lms.example/a",
    prerequisites=Prerequisites((), ()),
    state=TrainingState.PUBLISHED,
)


@pytest.fixture(scope="module")
def frameworks() -> Mapping[str, Framework]:
    data, _ = load_yaml(CONTENT_FOLDER / "frameworks" / "digcomp-2.2.yaml")
    framework = FrameworkDocument.model_validate(data).read()
    return {framework.code: framework}


def faults_of(
    content: TrainingContent, frameworks: Mapping[str, Framework], *, value: str = "a"
) -> dict[str, str]:
    found = policy.check_training(content, value=value, frameworks=frameworks)
    assert len({fault.pointer for fault in found}) == len(found)
    return {fault.pointer: fault.message for fault in found}


def test_a_sound_training_has_no_fault(frameworks: Mapping[str, Framework]) -> None:
    assert faults_of(SOUND, frameworks) == {}


def test_competence_steps_are_held_against_the_framework(
    frameworks: Mapping[str, Framework],
) -> None:
    content = replace(
        SOUND,
        competences=(
            CompetenceStep("crcn", "1.1", 0, 2),
            CompetenceStep("digcomp-2.2", "9.9", 0, 2),
            CompetenceStep("digcomp-2.2", "1.1", 2, 9),
            CompetenceStep("digcomp-2.2", "1.2", 4, 4),
            CompetenceStep("digcomp-2.2", "1.1", 0, 1),
        ),
    )
    assert faults_of(content, frameworks) == {
        "/competences/0/framework": "expected the code of a published framework",
        "/competences/1/competence": "expected a competence of digcomp-2.2",
        "/competences/2/exit_level": "expected at most 8, the highest of digcomp-2.2",
        "/competences/3/exit_level": "expected more than entry_level",
        "/competences/4/competence": "this competence stands here twice",
    }


def test_required_levels_are_held_against_the_framework(
    frameworks: Mapping[str, Framework],
) -> None:
    required = (
        RequiredLevel("digcomp-2.2", "2.1", 3),
        RequiredLevel("digcomp-2.2", "2.9", 3),
        RequiredLevel("digcomp-2.2", "2.1", 9),
        RequiredLevel("nowhere", "2.1", 9),
    )
    content = replace(SOUND, prerequisites=Prerequisites((), required))
    assert set(faults_of(content, frameworks)) == {
        "/prerequisites/competences/1/competence",
        "/prerequisites/competences/2/level",
        "/prerequisites/competences/3/framework",
    }


def test_a_training_neither_follows_itself_nor_another_twice(
    frameworks: Mapping[str, Framework],
) -> None:
    content = replace(SOUND, prerequisites=Prerequisites(("a", "b", "b"), ()))
    assert faults_of(content, frameworks) == {
        "/prerequisites/trainings/0": "a training cannot presuppose itself",
        "/prerequisites/trainings/2": "this training stands here twice",
    }


@pytest.mark.parametrize(
    ("follows", "pointers"),
    [
        ({"a": []}, []),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
        ({"a": ["b", "x"], "b": []}, ["/prerequisites/trainings/1"]),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ["/prerequisites/trainings/0"]),
        ({"a": ["b"], "b": ["c"], "c": ["b", "gone"]}, []),  # a circle elsewhere
        ({"a": ["a"]}, []),  # told by check_training already
    ],
)
def test_links_exist_and_form_no_circle(
    follows: Mapping[str, Sequence[str]], pointers: list[str]
) -> None:
    found = policy.check_links(follows, value="a")
    assert [fault.pointer for fault in found] == pointers


def test_a_session_ends_after_it_starts() -> None:
    start = datetime(2027, 3, 1, 8, tzinfo=UTC)
    session = TrainingSessionContent(
        starts_at=start,
        ends_at=start.replace(hour=9),
        place=TEXT,
        seats=5,
        state=TrainingSessionState.OPEN,
    )
    assert policy.check_session(session) == []
    faults = policy.check_session(replace(session, ends_at=start))
    assert [fault.pointer for fault in faults] == ["/ends_at"]


def test_search_text_holds_both_languages_without_case_and_accents() -> None:
    text = policy.search_text(SOUND.texts)
    for word in ("acces", "donnees", "access", "eviter", "tous", "everyone", "together"):
        assert word in text
    assert policy.folded("ÉVITER") == "eviter"
