"""The numbers a test is run by; which purpose uses which is said in ``algorithm``."""

from dataclasses import dataclass

FIRST_RANDOM_SHARE = 0.5
"""Of the first item's rank: enough that nobody knows it, little enough that it is never absurd."""


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """How the next item is drawn.

    ``pool_size``: number of best items among which the draw is made; 1 is greedy choice.
    ``sharpness``: a whole number; the probability of an item goes with the sharpness-th power of
    its value. That is a softmax over the logarithms of the values at temperature 1 / sharpness
    (0: all of the pool alike), and needs nothing but multiplications.
    ``progressive_items``: so many items from the start are ranked partly by chance, the first one
    half, each later one less (0: none); see ``joint_selection``. ``is_per_second``: values are
    divided by the time that an item is expected to take, where the plan says it.
    """

    pool_size: int
    sharpness: int
    progressive_items: int = 0
    is_per_second: bool = False

    @property
    def temperature(self) -> float:
        """Temperature of the softmax over log values."""
        return 1.0 / self.sharpness if self.sharpness else float("inf")

    def random_share(self, position: int) -> float:
        """Return the part of chance in the ranking at a position, 1-based."""
        if not self.progressive_items:
            return 0.0
        return FIRST_RANDOM_SHARE * max(0.0, 1.0 - (position - 1) / self.progressive_items)


@dataclass(frozen=True, slots=True)
class StoppingRules:
    """When a competence is done.

    ``minimum_items`` come first, whatever is reached; then any of: ``standard_error`` (theta),
    ``level_certainty`` (probability of the most probable level), and, for a competence with a
    target, only ``target_probability`` that it is reached, or that it is not. At the latest at
    ``maximum_items``, or when the best item left promises less than ``least_variance_fall``
    (theta²) or ``least_risk_fall`` (probability²). ``ValueError`` unless the standard error is
    positive and the target's probability between one half and one.
    """

    minimum_items: int
    maximum_items: int
    standard_error: float
    level_certainty: float
    target_probability: float
    least_variance_fall: float
    least_risk_fall: float

    def __post_init__(self) -> None:
        if self.standard_error <= 0.0 or not 0.5 < self.target_probability < 1.0:
            raise ValueError("a goal that cannot be reached, or is reached at once")


@dataclass(frozen=True, slots=True)
class Rules:
    selection: SelectionRules
    stopping: StoppingRules
