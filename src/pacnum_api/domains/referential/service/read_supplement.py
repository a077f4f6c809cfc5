"""The official DigComp 3.0 data supplement (JSON-LD, 24 November 2025, JRC144705).

Its learning outcomes are kept under their identifiers, so that items and trainings can be aligned
with them. The supplement does not ship with the product: an administration loads its own copy.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from pacnum_api.domains.referential.types import LearningOutcome, OutcomeKind
from pacnum_api.kernel.errors import FieldFault

FRAMEWORK = "digcomp-3.0"


@dataclass(frozen=True)
class _Node:
    """The members of a LearningOutcome node that are used; the others are left alone."""

    identifier: Annotated[
        str, Field(alias="@id", pattern=r"^LearningOutcome/LO\d+\.\d+\.\d+$", max_length=60)
    ]
    description: Annotated[str, Field(min_length=1, max_length=4000)]
    type: Literal["Knowledge", "Skill", "Attitude"]
    ai_label: Annotated[str, Field(max_length=60)]
    competence_id: Annotated[str, Field(pattern=r"^Competence/\d+\.\d+$")]
    four_levels_proficiency_name: Annotated[str, Field(pattern=r"^ProficiencyLevel/[A-Za-z ]+$")]


_node = TypeAdapter(_Node)


def read_supplement(
    document: Mapping[str, object],
) -> tuple[list[LearningOutcome], list[FieldFault]]:
    """The learning outcomes of a supplement, and what is wrong with the others, by pointer."""
    graph = document["@graph"]
    if not isinstance(graph, list):
        return [], [FieldFault("/@graph", "expected a list of nodes")]
    outcomes: dict[str, LearningOutcome] = {}
    faults: list[FieldFault] = []
    for index, node in enumerate(graph):
        if not isinstance(node, dict) or node.get("@type") != "LearningOutcome":
            continue
        try:
            outcome = _outcome(_node.validate_python(node))
        except ValidationError as error:
            faults.extend(
                FieldFault(f"/@graph/{index}/{fault['loc'][0]}", fault["msg"])
                for fault in error.errors(include_url=False)
            )
            continue
        if outcome.identifier in outcomes:
            message = f"{outcome.identifier} stands here twice"
            faults.append(FieldFault(f"/@graph/{index}/@id", message))
        outcomes[outcome.identifier] = outcome
    if not outcomes and not faults:
        faults.append(FieldFault("/@graph", "expected nodes of @type LearningOutcome"))
    return list(outcomes.values()), faults


def _outcome(node: _Node) -> LearningOutcome:
    band = node.four_levels_proficiency_name.rpartition("/")[2]
    return LearningOutcome(
        framework=FRAMEWORK,
        identifier=node.identifier.rpartition("/")[2],
        competence=node.competence_id.rpartition("/")[2],
        band=re.sub(r"\s+", "_", band.strip().lower()),
        kind=OutcomeKind(node.type.lower()),
        ai_label=node.ai_label,
        description=node.description,
    )
