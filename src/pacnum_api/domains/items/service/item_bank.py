"""A published bank in memory: what the answer path asks, without a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from pacnum_api.domains.items.errors import ItemFileNotFound
from pacnum_api.domains.items.policy.files import find_file
from pacnum_api.domains.items.policy.grading import NOTHING, grade, judge
from pacnum_api.domains.items.policy.partial_solving import response_worth
from pacnum_api.domains.items.policy.presentation import present
from pacnum_api.domains.items.policy.responses import Given, read_response
from pacnum_api.domains.items.policy.solving import Answer, right_response, wrong_response
from pacnum_api.domains.items.types import (
    BankEntry,
    BankHandle,
    GradedResponse,
    Item,
    ItemParameters,
    ParameterStatus,
    PresentedItem,
    RenderedFile,
)
from pacnum_api.domains.referential.types import Framework
from pacnum_api.kernel.errors import FieldFault
from pacnum_api.psychometrics import bank as measurement
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.exposure import ExposureGroups
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.scale import LevelScale
from pacnum_api.psychometrics.tables import BankTables


@dataclass(frozen=True, slots=True, eq=False)
class ItemBank:
    """Items by index, in order of competence, with their measurement tables. Immutable.

    ``population``: how the competences hang together in those who take tests. ``groups``: which
    items count together in exposure; groups of items on tryout belong to no competence, so that no
    test may use them to measure. ``measures`` (n,): items that may, all but those on tryout.
    """

    handle: BankHandle
    framework: Framework
    competences: tuple[str, ...]
    items: tuple[Item, ...]
    item_ids: tuple[UUID, ...]
    version_ids: tuple[UUID, ...]
    parameters: tuple[ItemParameters, ...]
    tables: BankTables
    population: Population
    groups: ExposureGroups
    measures: BoolArray
    _index_of_item: Mapping[UUID, int]

    @classmethod
    def build(
        cls,
        handle: BankHandle,
        framework: Framework,
        *,
        entries: Sequence[BankEntry],
        population: Population,
    ) -> "ItemBank":
        """Work out the tables; entries come in order of competence. CPU: keep it off the loop."""
        competences = tuple(competence.code for competence in framework.competences)
        items = tuple(entry.item for entry in entries)
        parameters = measurement.ItemParameters.from_items(_measured(entries, competences))
        measures = np.array(
            [entry.parameters.status is not ParameterStatus.SEEDED for entry in entries],
            dtype=np.bool_,
        )
        return cls(
            handle=handle,
            framework=framework,
            competences=competences,
            items=items,
            item_ids=tuple(entry.item_id for entry in entries),
            version_ids=tuple(entry.version_id for entry in entries),
            parameters=tuple(entry.parameters for entry in entries),
            tables=BankTables.build(
                parameters,
                competence_count=len(competences),
                scale=LevelScale(framework.cuts),
            ),
            population=population,
            groups=_groups(parameters, measures, competence_count=len(competences)),
            measures=measures,
            _index_of_item={entry.item_id: index for index, entry in enumerate(entries)},
        )

    def index_of(self, item_id: UUID) -> int | None:
        """The index of an item, or None when it is not in this bank."""
        return self._index_of_item.get(item_id)

    def competence_index(self, code: str) -> int | None:
        """The index of a competence, or None when the framework has none of this code."""
        return self.competences.index(code) if code in self.competences else None

    def expected_seconds(self, index: int) -> int:
        """How long the item's author expects it to take."""
        return self.items[index].expected_seconds

    def present(self, index: int, *, seed: int, locale: str) -> PresentedItem:
        """What the agent sees: JSON-ready, without key, feedback, parameters or authors' ids."""
        return present(self.items[index], seed=seed, locale=locale)

    def read_response(
        self, index: int, *, seed: int, response: object
    ) -> Given | tuple[FieldFault, ...]:
        """What was answered, or every fault in its form, by pointer below ``/response``.

        None, a skipped item, says nothing and is no fault.
        """
        if response is None:
            return NOTHING
        return read_response(self.items[index], seed=seed, response=response)

    def judge(self, index: int, given: Given | None, *, seed: int) -> GradedResponse:
        """What an answer that was read is worth; None, one that does not count, nothing."""
        return judge(self.items[index], NOTHING if given is None else given, seed=seed)

    def grade(self, index: int, *, seed: int, response: object) -> GradedResponse:
        """What a response is worth; None (skipped) or a malformed one is worth nothing."""
        return grade(self.items[index], seed=seed, response=response)

    def file(self, index: int, *, seed: int, locale: str, name: str) -> RenderedFile:
        """One of the item's files. Raises ItemFileNotFound."""
        found = find_file(self.items[index], name, seed=seed, locale=locale)
        if found is None:
            raise ItemFileNotFound
        return found

    def right_response(self, index: int, *, seed: int, locale: str) -> Answer:
        """A right answer, for simulated agents."""
        return right_response(self.items[index], seed=seed, locale=locale)

    def response_worth(self, index: int, category: int, *, seed: int, locale: str) -> Answer:
        """An answer of that score, or of the nearest there is, for simulated agents."""
        return response_worth(self.items[index], category, seed=seed, locale=locale)

    def wrong_response(self, index: int, *, seed: int, locale: str) -> Answer:
        """An answer without a right part, for simulated agents."""
        return wrong_response(self.items[index], seed=seed, locale=locale)


def _groups(
    parameters: measurement.ItemParameters, measures: BoolArray, *, competence_count: int
) -> ExposureGroups:
    groups = ExposureGroups.of(parameters)
    competence_of = groups.competence_of.copy()
    competence_of[groups.group_of[~measures]] = competence_count
    return ExposureGroups(groups.group_of, competence_of)


def _measured(entries: Sequence[BankEntry], competences: tuple[str, ...]) -> list[measurement.Item]:
    """The entries as the measurement sees them: by index, enemies both ways."""
    place = {entry.item.key: index for index, entry in enumerate(entries)}
    enemies: list[set[int]] = [set() for _ in entries]
    for index, entry in enumerate(entries):
        for key in entry.item.enemies:
            if key in place:
                enemies[index].add(place[key])
                enemies[place[key]].add(index)
    return [
        measurement.Item(
            model=measurement.ItemModel(entry.parameters.model.value),
            competence=competences.index(entry.item.competence),
            level=entry.item.level,
            a=entry.parameters.a,
            b=entry.parameters.b,
            c=entry.parameters.c,
            d=entry.parameters.d,
            steps=entry.parameters.steps,
            sigma_a=entry.parameters.sigma_a,
            sigma_b=entry.parameters.sigma_b,
            enemies=tuple(sorted(enemies[index])),
        )
        for index, entry in enumerate(entries)
    ]
