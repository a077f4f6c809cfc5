"""What makes a catalogue sound, and how it is searched; decided on data alone."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings.types import (
    TrainingContent,
    TrainingSessionContent,
    TrainingTexts,
)
from pacnum_api.kernel.errors import FieldFault


def check_training(
    content: TrainingContent, *, value: str, frameworks: Mapping[str, Framework]
) -> list[FieldFault]:
    """Every way in which a training contradicts itself or the frameworks, by JSON pointer.

    ``value`` is its own external value; ``frameworks`` holds those that exist among the named.
    """
    return [
        *_check_steps(content, frameworks),
        *_check_required_levels(content, frameworks),
        *_check_followed(content, value),
    ]


def _check_steps(
    content: TrainingContent, frameworks: Mapping[str, Framework]
) -> Iterable[FieldFault]:
    seen: set[tuple[str, str]] = set()
    for index, step in enumerate(content.competences):
        pointer = f"/competences/{index}"
        yield from _check_place(pointer, (step.framework, step.competence), frameworks=frameworks)
        yield from _check_level(
            f"{pointer}/exit_level", step.exit_level, framework=frameworks.get(step.framework)
        )
        if step.exit_level <= step.entry_level:
            yield FieldFault(f"{pointer}/exit_level", "expected more than entry_level")
        if (step.framework, step.competence) in seen:
            yield FieldFault(f"{pointer}/competence", "this competence stands here twice")
        seen.add((step.framework, step.competence))


def _check_required_levels(
    content: TrainingContent, frameworks: Mapping[str, Framework]
) -> Iterable[FieldFault]:
    for index, required in enumerate(content.prerequisites.competences):
        pointer = f"/prerequisites/competences/{index}"
        yield from _check_place(
            pointer, (required.framework, required.competence), frameworks=frameworks
        )
        yield from _check_level(
            f"{pointer}/level", required.level, framework=frameworks.get(required.framework)
        )


def _check_place(
    pointer: str, place: tuple[str, str], *, frameworks: Mapping[str, Framework]
) -> Iterable[FieldFault]:
    framework = frameworks.get(place[0])
    if framework is None:
        yield FieldFault(f"{pointer}/framework", "expected the code of a published framework")
    elif framework.find_competence(place[1]) is None:
        yield FieldFault(f"{pointer}/competence", f"expected a competence of {framework.code}")


def _check_level(pointer: str, level: int, *, framework: Framework | None) -> Iterable[FieldFault]:
    if framework is not None and level > len(framework.levels):
        yield FieldFault(
            pointer, f"expected at most {len(framework.levels)}, the highest of {framework.code}"
        )


def _check_followed(content: TrainingContent, value: str) -> Iterable[FieldFault]:
    followed = content.prerequisites.trainings
    for index, key in enumerate(followed):
        pointer = f"/prerequisites/trainings/{index}"
        if key == value:
            yield FieldFault(pointer, "a training cannot presuppose itself")
        if key in followed[:index]:
            yield FieldFault(pointer, "this training stands here twice")


def check_links(follows: Mapping[str, Sequence[str]], *, value: str) -> list[FieldFault]:
    """Prerequisites of one training that do not exist, or that lead back to it.

    ``follows`` maps the external values of one issuer to those of their prerequisites.
    """
    faults = []
    for index, key in enumerate(follows[value]):
        pointer = f"/prerequisites/trainings/{index}"
        if key not in follows:
            faults.append(FieldFault(pointer, "expected the value of a training of this issuer"))
        elif key != value and _leads_to(follows, key, goal=value):
            faults.append(FieldFault(pointer, f"{key} presupposes {value} itself: a circle"))
    return faults


def _leads_to(follows: Mapping[str, Sequence[str]], start: str, *, goal: str) -> bool:
    waiting, seen = [start], set[str]()
    while waiting:
        key = waiting.pop()
        if key == goal:
            return True
        if key not in seen:
            seen.add(key)
            waiting.extend(follows.get(key, ()))
    return False


def check_session(content: TrainingSessionContent) -> list[FieldFault]:
    """A session ends after it starts."""
    if content.ends_at > content.starts_at:
        return []
    return [FieldFault("/ends_at", "expected later than starts_at")]


def folded(text: str) -> str:
    """Text without case and accents, so that ``acces`` finds ``Accès``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def search_text(texts: TrainingTexts) -> str:
    """All that a search looks through, in both languages, folded."""
    parts = (texts.title, texts.summary, texts.audience, *texts.objectives)
    return folded("\n".join(text for part in parts for text in (part.fr, part.en)))
