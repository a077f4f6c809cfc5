"""The sample catalogue that ships: sound, complete and varied."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pacnum_api
from pacnum_api.domains.referential.schemas import FrameworkDocument
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import policy
from pacnum_api.domains.trainings.schemas import CatalogueDocument, TrainingDocument
from pacnum_api.platform.documents import load_yaml

CONTENT = Path(pacnum_api.__file__).parent / "content"


@pytest.fixture(scope="module")
def catalogues() -> list[CatalogueDocument]:
    files = sorted((CONTENT / "trainings").glob("*.yaml"))
    return [CatalogueDocument.model_validate(load_yaml(path)[0]) for path in files]


@pytest.fixture(scope="module")
def trainings(catalogues: list[CatalogueDocument]) -> Mapping[str, TrainingDocument]:
    listed = [training for catalogue in catalogues for training in catalogue.trainings]
    assert len({training.key for training in listed}) == len(listed)
    return {training.key: training for training in listed}


@pytest.fixture(scope="module")
def digcomp() -> Framework:
    data, _ = load_yaml(CONTENT / "frameworks" / "digcomp-2.2.yaml")
    return FrameworkDocument.model_validate(data).read()


def test_every_kind_of_provider_is_there(catalogues: list[CatalogueDocument]) -> None:
    sizes = {one.provider.kind.value: len(one.trainings) for one in catalogues}
    assert set(sizes) == {"ministry_institute", "interministerial_campus", "lms", "partner"}
    assert min(sizes.values()) >= 10
    assert sum(sizes.values()) >= 44


def test_the_catalogue_is_sound(
    catalogues: list[CatalogueDocument],
    trainings: Mapping[str, TrainingDocument],
    digcomp: Framework,
) -> None:
    follows = {key: one.prerequisites.trainings for key, one in trainings.items()}
    for catalogue in catalogues:
        for training in catalogue.trainings:
            content = training.content(catalogue.provider)
            faults = policy.check_training(
                content, value=training.key, frameworks={digcomp.code: digcomp}
            )
            faults += policy.check_links(follows, value=training.key)
            for session in training.sessions:
                faults += policy.check_session(session.read())
            assert faults == [], training.key


def test_every_competence_is_served_low_middle_and_high(
    trainings: Mapping[str, TrainingDocument], digcomp: Framework
) -> None:
    ranges: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for training in trainings.values():
        for step in training.competences:
            height = "low" if step.exit_level <= 2 else "high" if step.exit_level >= 7 else "middle"
            ranges[step.competence][height] += 1
    assert set(ranges) == {competence.code for competence in digcomp.competences}
    for competence, counts in ranges.items():
        assert min(counts[height] for height in ("low", "middle", "high")) >= 2, competence


def test_the_catalogue_is_varied(trainings: Mapping[str, TrainingDocument]) -> None:
    lengths = [training.duration_minutes for training in trainings.values()]
    assert (min(lengths), max(lengths)) == (20, 2400)
    modalities = Counter(training.modality.value for training in trainings.values())
    assert min(modalities[name] for name in ("online", "onsite", "blended")) >= 10
    assert {training.language for training in trainings.values()} == {"fr", "en"}
    features = {feature.value for one in trainings.values() for feature in one.accessibility}
    assert len(features) == 8


def test_texts_are_written_in_each_language(trainings: Mapping[str, TrainingDocument]) -> None:
    for training in trainings.values():
        assert 2 <= len(training.objectives) <= 4, training.key
        assert 1 <= len(training.competences) <= 3, training.key
        for text in (training.title, training.summary, *training.objectives):
            assert text.fr != text.en, training.key
        assert ".example/" in training.link, training.key


def test_sessions_lie_ahead_and_are_told_apart(trainings: Mapping[str, TrainingDocument]) -> None:
    sessions = [session for training in trainings.values() for session in training.sessions]
    assert len(sessions) >= 40
    assert len({session.key for session in sessions}) == len(sessions)
    assert min(session.starts_at for session in sessions) >= datetime(2027, 1, 1, tzinfo=UTC)
    for training in trainings.values():
        if training.modality.value != "online":
            assert training.sessions, training.key
