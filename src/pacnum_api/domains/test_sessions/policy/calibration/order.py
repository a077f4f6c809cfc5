"""What is asked of a calibration, and the items as it sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.domains.items.types import ItemParameters, ParameterModel, ParameterStatus
from pacnum_api.domains.test_sessions.types import CalibrationModel, CorrelationForm
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.priors import ItemPriors
from pacnum_api.psychometrics.population import Population


@dataclass(frozen=True, slots=True)
class CalibrationOrder:
    """``anchors``: indices of the items that keep their parameters and hold the scale.

    ``competences``: places in the framework, None for all; only then are their correlations looked
    at. ``minimum_answers``: with fewer an item keeps what it has.
    """

    anchors: frozenset[int]
    model: CalibrationModel = CalibrationModel.AS_BANK
    correlation: CorrelationForm = CorrelationForm.AREAS
    minimum_answers: int = 100
    competences: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class CalibratedBank:
    """The bank that is calibrated: its n items in order of competence.

    ``codes`` and ``areas``: of the K competences; ``competence_of`` (n,) indices among them;
    ``population``: how the bank says that they hang together.
    """

    keys: tuple[str, ...]
    levels: tuple[int, ...]
    competence_of: tuple[int, ...]
    parameters: tuple[ItemParameters, ...]
    codes: tuple[str, ...]
    areas: tuple[str, ...]
    population: Population

    def measured(self, model: CalibrationModel) -> tuple[Item, ...]:
        """The items as the measurement sees them, under a model."""
        return tuple(
            measured(parameters, model, competence=competence, level=level)
            for parameters, competence, level in zip(
                self.parameters, self.competence_of, self.levels, strict=True
            )
        )

    def with_status(self, *statuses: ParameterStatus) -> frozenset[int]:
        """Indices of the items whose parameters have one of these."""
        return frozenset(
            index for index, one in enumerate(self.parameters) if one.status in statuses
        )


def measured(
    parameters: ItemParameters, model: CalibrationModel, *, competence: int, level: int
) -> Item:
    """An item of the bank as the measurement sees it, under a model."""
    is_stepped = parameters.model is ParameterModel.PARTIAL_CREDIT
    keeps_guessing = model is not CalibrationModel.TWO_PL
    keeps_ceiling = model is CalibrationModel.AS_BANK
    return Item(
        model=ItemModel.PARTIAL_CREDIT if is_stepped else ItemModel.FOUR_PL,
        competence=competence,
        level=level,
        a=parameters.a,
        b=parameters.b,
        c=parameters.c if keeps_guessing else 0.0,
        d=parameters.d if keeps_ceiling else 1.0,
        steps=parameters.steps,
        sigma_a=parameters.sigma_a,
        sigma_b=parameters.sigma_b,
    )


def priors_of(items: Sequence[Item], *, is_authors: BoolArray) -> ItemPriors:
    """What is known of each item but from answers.

    ``is_authors`` (n,): the parameters are those that the author's level gave; their errors are a
    prior. Parameters from an earlier calibration are none: the answers behind them are, for all
    that is known, among those counted now, and nothing may count twice. Such items get a weak one.
    """
    told, weak = ItemPriors.from_bank(items), ItemPriors.weak(items)
    beside = is_authors[:, None]
    return ItemPriors(
        log_slope_mean=np.where(is_authors, told.log_slope_mean, weak.log_slope_mean),
        log_slope_sd=np.where(is_authors, told.log_slope_sd, weak.log_slope_sd),
        difficulty_mean=np.where(is_authors, told.difficulty_mean, weak.difficulty_mean),
        difficulty_sd=np.where(is_authors, told.difficulty_sd, weak.difficulty_sd),
        step_mean=np.where(beside, told.step_mean, weak.step_mean),
        step_sd=np.where(is_authors, told.step_sd, weak.step_sd),
    )
