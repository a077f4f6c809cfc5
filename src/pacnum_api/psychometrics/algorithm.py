"""Versions of the whole procedure, so that a session finishes on the one it began with.

Whatever would change an estimate, an item or a stop for the same answers is a new version beside
the old ones; the old ones stay as long as a session, or the replay of one, may need them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from pacnum_api.psychometrics import estimation, selection
from pacnum_api.psychometrics.estimation import Prior, Response, SessionPosterior
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.selection import Decision
from pacnum_api.psychometrics.session import SessionState
from pacnum_api.psychometrics.tables import BankTables

ALGORITHM_VERSION = "1.0.0"
"""The version new sessions begin with."""


class UnknownAlgorithm(ValueError):
    """No algorithm of this version is kept."""


class Purpose(StrEnum):
    POSITIONING = "positioning"
    TARGET = "target"
    CERTIFICATION = "certification"


class Estimate(Protocol):
    """The shape of ``estimation.estimate``."""

    def __call__(
        self, tables: BankTables, responses: Sequence[Response], *, prior: Prior
    ) -> SessionPosterior: ...


class Update(Protocol):
    """The shape of ``estimation.update``."""

    def __call__(
        self, tables: BankTables, posterior: SessionPosterior, *, response: Response
    ) -> SessionPosterior: ...


class Select(Protocol):
    """The shape of ``selection.select``."""

    def __call__(
        self, tables: BankTables, posterior: SessionPosterior, *, state: SessionState, rules: Rules
    ) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One version: how to estimate, how to select, by which rules for which purpose."""

    version: str
    rules: Mapping[Purpose, Rules]
    estimate: Estimate
    update: Update
    select: Select

    def rules_for(self, purpose: Purpose) -> Rules:
        return self.rules[purpose]


_DRAW = SelectionRules(pool_size=5, sharpness=8)

_RULES_1_0_0: Mapping[Purpose, Rules] = MappingProxyType(
    {
        Purpose.POSITIONING: Rules(
            selection=_DRAW,
            stopping=StoppingRules(
                minimum_items=3,
                maximum_items=8,
                standard_error=0.40,
                level_certainty=0.80,
                target_probability=0.90,
                least_variance_fall=0.002,
                least_risk_fall=0.0005,
            ),
        ),
        Purpose.TARGET: Rules(
            selection=_DRAW,
            stopping=StoppingRules(
                minimum_items=2,
                maximum_items=10,
                standard_error=0.40,
                level_certainty=0.80,
                target_probability=0.90,
                least_variance_fall=0.002,
                least_risk_fall=0.0005,
            ),
        ),
        Purpose.CERTIFICATION: Rules(
            selection=_DRAW,
            stopping=StoppingRules(
                minimum_items=5,
                maximum_items=20,
                standard_error=0.30,
                level_certainty=0.90,
                target_probability=0.95,
                least_variance_fall=0.001,
                least_risk_fall=0.0002,
            ),
        ),
    }
)

_KEPT: Mapping[str, Algorithm] = MappingProxyType(
    {
        "1.0.0": Algorithm(
            version="1.0.0",
            rules=_RULES_1_0_0,
            estimate=estimation.estimate,
            update=estimation.update,
            select=selection.select,
        )
    }
)


def algorithm_for(version: str) -> Algorithm:
    """Return the algorithm of a version; ``UnknownAlgorithm`` if it is not kept."""
    try:
        return _KEPT[version]
    except KeyError:
        raise UnknownAlgorithm(version) from None
