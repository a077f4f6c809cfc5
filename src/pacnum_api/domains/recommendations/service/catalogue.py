"""The catalogue as the policy sees it: one course for each training on offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pacnum_api.domains.recommendations.policy.admission import is_admissible
from pacnum_api.domains.recommendations.policy.plan import with_inherited_needs
from pacnum_api.domains.recommendations.types import (
    Constraints,
    Course,
    Leap,
    Need,
    TrainingKey,
)
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import service as trainings
from pacnum_api.domains.trainings.types import Training
from pacnum_api.platform.uow import UnitOfWork


@dataclass(frozen=True)
class Catalogue:
    """All trainings on offer in a framework, and the courses among which to choose."""

    trainings: Mapping[TrainingKey, Training]
    courses: Sequence[Course]

    def serving(self, competence: str) -> int:
        """How many of the courses to choose among develop a competence."""
        return sum(
            any(leap.competence == competence for leap in course.leaps) for course in self.courses
        )


async def read_catalogue(
    uow: UnitOfWork, framework: Framework, *, constraints: Constraints
) -> Catalogue:
    """What is on offer; a tenant's own training hides a shipped one of the same external id.

    A tenant's own that is withdrawn does so too, and is not on offer itself.
    """
    on_offer = {
        _key(training.external_id.issuer, training.external_id.value): training
        for training in await trainings.list_published_trainings(uow, framework.code)
    }
    courses = {
        key: _course(key, training, framework=framework) for key, training in on_offer.items()
    }
    completed = {key for key, training in on_offer.items() if training.id in constraints.completed}
    return Catalogue(
        trainings=on_offer,
        courses=[
            with_inherited_needs(courses[key], catalogue=courses, completed=completed)
            for key, training in on_offer.items()
            if is_admissible(training, constraints)
        ],
    )


def _key(issuer: str, value: str) -> TrainingKey:
    return f"{issuer}/{value}"  # neither holds a slash


def _course(key: TrainingKey, training: Training, *, framework: Framework) -> Course:
    """The part of a training that concerns one framework.

    A training may name a level that a later version of the framework no longer has: it leads to the
    highest there is.
    """
    highest = len(framework.levels)
    content = training.content
    return Course(
        key=key,
        leaps=tuple(
            Leap(step.competence, step.entry_level, min(step.exit_level, highest))
            for step in content.competences
            if step.framework == framework.code and step.entry_level < highest
        ),
        duration_minutes=content.duration_minutes,
        needs=tuple(
            Need(required.competence, min(required.level, highest))
            for required in content.prerequisites.competences
            if required.framework == framework.code
        ),
        follows=tuple(
            _key(training.external_id.issuer, value) for value in content.prerequisites.trainings
        ),
    )
