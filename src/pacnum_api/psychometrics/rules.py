"""The numbers a test is run by; which purpose uses which is said in ``algorithm``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """How the next item is drawn.

    ``pool_size``: number of best items among which the draw is made; 1 is greedy choice.
    ``sharpness``: a whole number; the probability of an item goes with the sharpness-th power of
    its value. That is a softmax over the logarithms of the values at temperature 1 / sharpness
    (0: all of the pool alike), and needs nothing but multiplications.
    """

    pool_size: int
    sharpness: int

    @property
    def temperature(self) -> float:
        """Temperature of the softmax over log values."""
        return 1.0 / self.sharpness if self.sharpness else float("inf")


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
