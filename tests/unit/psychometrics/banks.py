"""Banks and walks through them that several test files share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.algorithm import Measurement, algorithm_for
from pacnum_api.psychometrics.bank import (
    POLYTOMOUS,
    Item,
    ItemModel,
    ItemParameters,
    category_probabilities,
)
from pacnum_api.psychometrics.estimation import Prior, Response, SessionPosterior, estimate, update
from pacnum_api.psychometrics.population import JointPrior, Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.scale import provisional_difficulty
from pacnum_api.psychometrics.selection import Decision, select
from pacnum_api.psychometrics.session import SessionPlan, SessionState, after, begin
from pacnum_api.psychometrics.simulation import draw_category, framework_correlation
from pacnum_api.psychometrics.tables import BankTables

STARTER_LEVELS = (1, 3, 4, 6, 8)


def tables_of(items: Sequence[Item], *, competence_count: int = 1) -> BankTables:
    return BankTables.build(ItemParameters.from_items(items), competence_count=competence_count)


def two_pl(a: float, b: float, *, competence: int = 0) -> Item:
    return Item(ItemModel.TWO_PL, competence=competence, level=1, a=a, b=b)


def random_bank(size: int, *, competence_count: int = 1, seed: int = 42) -> BankTables:
    rng = np.random.default_rng(seed)
    slopes, difficulties = rng.lognormal(0.0, 0.3, size), rng.normal(0.0, 1.2, size)
    items = [
        two_pl(float(a), float(b), competence=index * competence_count // size)
        for index, (a, b) in enumerate(zip(slopes, difficulties, strict=True))
    ]
    return tables_of(items, competence_count=competence_count)


def starter_bank(competence_count: int) -> BankTables:
    """Five items per competence over the levels, difficulties known only from their levels."""
    items = [
        Item(
            ItemModel.THREE_PL,
            competence=competence,
            level=level,
            b=round(provisional_difficulty(level), 6),
            c=0.2 if level == 1 else 0.0,
            sigma_a=0.3,
            sigma_b=0.5,
        )
        for competence in range(competence_count)
        for level in STARTER_LEVELS
    ]
    return tables_of(items, competence_count=competence_count)


def mixed_items(rng: np.random.Generator, counts: Sequence[int]) -> list[Item]:
    """Items of four models, ``counts[k]`` of competence k, with errors of their parameters."""
    models = (ItemModel.TWO_PL, ItemModel.THREE_PL, ItemModel.GRADED, ItemModel.PARTIAL_CREDIT)
    items = []
    for competence, count in enumerate(counts):
        for _ in range(count):
            model = models[int(rng.integers(4))]
            # Rising strictly: of two that rounding makes equal, one is dropped.
            steps = np.unique(rng.normal(0.0, 0.8, int(rng.integers(2, 4))).round(3))
            items.append(
                Item(
                    model,
                    competence=competence,
                    level=1,
                    a=round(float(rng.lognormal(0.0, 0.3)), 3),
                    b=round(float(rng.normal(0.0, 1.2)), 3),
                    c=0.2 if model is ItemModel.THREE_PL else 0.0,
                    steps=tuple(steps.tolist()) if model in POLYTOMOUS else (),
                    sigma_b=round(float(rng.uniform(0.0, 0.5)), 3),
                )
            )
    return items


def mixed_bank(*counts: int, seed: int = 42) -> BankTables:
    items = mixed_items(np.random.default_rng(seed), counts)
    return tables_of(items, competence_count=len(counts))


def mixed_answers(
    tables: BankTables, items: Sequence[int], *, rng: np.random.Generator
) -> list[Response]:
    """Answers drawn evenly from the categories of each item."""
    categories = tables.parameters.categories
    return [Response(item, int(rng.integers(categories[item]))) for item in items]


def two_areas(count: int) -> Population:
    """The usual assumption for ``count`` competences in two areas, with the usual doubt."""
    return Population(framework_correlation([index % 2 for index in range(count)]))


def rules(
    *,
    pool_size: int = 1,
    minimum_items: int = 1,
    maximum_items: int = 40,
    standard_error: float = 1e-9,
    level_certainty: float = 2.0,
) -> Rules:
    """Rules that stop at nothing but ``maximum_items``, unless told otherwise."""
    return Rules(
        selection=SelectionRules(pool_size=pool_size, sharpness=8),
        stopping=StoppingRules(
            minimum_items=minimum_items,
            maximum_items=maximum_items,
            standard_error=standard_error,
            level_certainty=level_certainty,
            target_probability=0.9,
            least_variance_fall=0.0,
            least_risk_fall=0.0,
        ),
    )


Answer = Callable[[int], int]
"""From an item to the category of its answer."""


@dataclass(frozen=True)
class Walk:
    """A whole test: everything decided on the way, and where it ended."""

    state: SessionState
    posterior: SessionPosterior
    decisions: tuple[Decision, ...]
    responses: tuple[Response, ...]


def walk(tables: BankTables, plan: SessionPlan, *, by: Rules, answer: Answer) -> Walk:
    state = begin(tables, plan)
    posterior = estimate(tables, (), prior=Prior.standard(tables.competence_count))
    decisions = [select(tables, posterior, state=state, rules=by)]
    responses: list[Response] = []
    while (selection := decisions[-1].selection) is not None:
        responses.append(Response(selection.item, answer(selection.item)))
        state = after(tables, state, item=selection.item)
        posterior = update(tables, posterior, response=responses[-1])
        decisions.append(select(tables, posterior, state=state, rules=by))
    return Walk(state, posterior, tuple(decisions), tuple(responses))


def simulated_agent(
    tables: BankTables, abilities: Sequence[float], *, rng: np.random.Generator
) -> Answer:
    def answer(item: int) -> int:
        theta = abilities[tables.competence_of[item]]
        chances = category_probabilities(tables.parameters, item, theta=theta)[:, 0]
        return draw_category(chances, rng.random())

    return answer


@dataclass(frozen=True)
class Course:
    """A whole test as a version of the algorithm runs it: one measurement before each answer, and
    the last."""

    measurements: tuple[Measurement, ...]
    responses: tuple[Response, ...]

    @property
    def last(self) -> Measurement:
        return self.measurements[-1]

    @property
    def items(self) -> tuple[int, ...]:
        return self.last.state.items


@dataclass(frozen=True)
class Setting:
    """What a test is run with."""

    tables: BankTables
    prior: JointPrior
    rules: Rules
    version: str = "2.0.0"

    def measured(self, plan: SessionPlan, responses: Sequence[Response]) -> Measurement:
        return algorithm_for(self.version).measure(
            self.tables, plan, responses=responses, prior=self.prior, rules=self.rules
        )

    def course(self, plan: SessionPlan, answer: Answer) -> Course:
        responses: list[Response] = []
        measurements: list[Measurement] = []
        while True:
            step = self.measured(plan, responses)
            measurements.append(step)
            if step.decision.selection is None:
                return Course(tuple(measurements), tuple(responses))
            item = step.decision.selection.item
            responses.append(Response(item, answer(item)))
