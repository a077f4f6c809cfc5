"""A bank as a file of parameters alone: what simulations and calibrations read."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pacnum_api.psychometrics.bank import ItemModel

COLUMNS = (
    "model", "a", "b", "c", "d", "steps", "sigma_a", "sigma_b", "competence", "level", "family",
)  # fmt: skip
"""Columns of a CSV file, in any order; those that a row leaves empty have their default."""


def _numbers(value: object) -> object:
    """Numbers in one cell of a CSV file, separated by spaces or semicolons."""
    return value.replace(";", " ").split() if isinstance(value, str) else value


class BankParametersRow(BaseModel):
    """One item: parameters on the theta scale, logistic metric, with their standard errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ItemModel = ItemModel.TWO_PL
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    steps: Annotated[tuple[float, ...], BeforeValidator(_numbers)] = ()
    sigma_a: float = 0.0
    sigma_b: float = 0.0
    competence: Annotated[str, Field(min_length=1, max_length=40)] = "1.1"
    level: Annotated[int, Field(ge=1)] = 1
    family: str | None = None
