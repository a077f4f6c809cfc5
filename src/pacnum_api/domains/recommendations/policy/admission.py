"""Which trainings come into question at all."""

from pacnum_api.domains.recommendations.types import Constraints
from pacnum_api.domains.trainings.types import Training


def is_admissible(training: Training, constraints: Constraints) -> bool:
    """Whether a training meets every constraint but the budget, which concerns the whole plan."""
    content = training.content
    return (
        (not constraints.modalities or content.modality in constraints.modalities)
        and (not constraints.languages or content.language in constraints.languages)
        and constraints.accessibility <= set(content.accessibility)
        and training.id not in constraints.completed
    )
