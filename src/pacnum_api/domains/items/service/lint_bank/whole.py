"""What a bank for use must have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BankGoals:
    """The least that a bank for use has; shares and counts are of active and tryout items alike."""

    items_per_cell: int = 3
    greatest_type_share: float = 0.45
    items_with_files: int = 120
    templates: int = 120
    themes: tuple[str, ...] = (
        "ia",
        "donnees-personnelles",
        "souverainete",
        "accessibilite",
        "eco-responsabilite",
    )
    items_per_theme: int = 15


@dataclass(frozen=True, slots=True)
class WholeBank:
    """What a bank must cover, when it is linted as a whole."""

    competences: tuple[str, ...]
    levels: int
    goals: BankGoals
