"""The batch against the engine that serves sessions: the same bits, whatever the bank and rules."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import Measurement, Purpose, algorithm_for
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import Response, SessionPosterior
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules
from pacnum_api.psychometrics.selection import select
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import AT_A_TIME, Cohort, Course, run
from pacnum_api.psychometrics.simulation.content import Content
from pacnum_api.psychometrics.simulation.criteria import Criterion, VarianceFall
from pacnum_api.psychometrics.simulation.records import (
    NO_ITEM,
    SimulatedTests,
    one_after_another,
)
from pacnum_api.psychometrics.simulation.sessions import Engine, collect, play
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, rules, starter_bank, tables_of, two_pl

AGENTS = 30


def mixed_bank() -> BankTables:
    """Every model, uncertain parameters, families and enemies, two competences."""
    rng = np.random.default_rng(8)
    items = []
    for index in range(60):
        model = list(ItemModel)[index % 6]
        steps = {ItemModel.GRADED: (-0.6, 0.1, 0.8), ItemModel.PARTIAL_CREDIT: (0.2, -0.2)}
        items.append(
            Item(
                model,
                competence=index // 30,
                level=1,
                a=float(rng.lognormal(0.0, 0.3)),
                b=float(rng.normal()),
                c=0.2 if model in {ItemModel.THREE_PL, ItemModel.FOUR_PL} else 0.0,
                d=0.95 if model is ItemModel.FOUR_PL else 1.0,
                steps=steps.get(model, ()),
                sigma_a=0.1,
                sigma_b=0.3,
                family=index // 3 if index % 7 == 0 else None,
                enemies=(index + 1,) if index % 11 == 0 else (),
            )
        )
    return tables_of(items, competence_count=2)


def answers_of(tables: BankTables, *, agents: int = AGENTS) -> AnswerModel:
    shape = (agents, tables.competence_count)
    return AnswerModel(tables.parameters, np.random.default_rng(9).normal(size=shape), seed=10)


def engine(version: str, by: Rules, tables: BankTables) -> Engine:
    population = Population(np.full((tables.competence_count,) * 2, 0.5) + 0.5 * np.eye(
        tables.competence_count
    ))  # fmt: skip
    return Engine(algorithm_for(version), by, population.prior)


@dataclass(frozen=True, eq=False)
class Setting:
    """What a batch and the engine that serves sessions are both given."""

    tables: BankTables
    engine: Engine
    answers: AnswerModel
    competence: int = 0
    target: int | None = None
    admitted: Admissions | None = None
    item_budget: int | None = None

    @property
    def course(self) -> Course:
        return Course.of_engine(
            self.tables, self.competence, engine=self.engine, target=self.target
        )


def setting(version: str, by: Rules, tables: BankTables, *, agents: int = AGENTS) -> Setting:
    return Setting(tables, engine(version, by, tables), answers_of(tables, agents=agents))


def batch(given: Setting, content: Content | None = None) -> SimulatedTests:
    agents = np.arange(len(given.answers.abilities))
    seeds = tuple(range(1000, 1000 + len(agents)))
    course = replace(given.course, content=content)
    return run(course, Cohort(agents, seeds, given.answers, given.admitted))


def scalar(given: Setting) -> SimulatedTests:
    ended = []
    for agent in range(len(given.answers.abilities)):
        plan = SessionPlan(
            competences=(given.competence,),
            seed=1000 + agent,
            targets={} if given.target is None else {given.competence: given.target},
            item_budget=given.item_budget,
        )
        if given.admitted is not None:
            plan = replace(
                plan,
                eligible=given.admitted.eligible(agent),
                availability=given.admitted.factor(agent),
                featured=given.admitted.featured_item(agent),
            )

        def answer(item: int, agent: int = agent) -> int:
            return given.answers.category(agent, item)

        ended.append(play(given.tables, plan, engine=given.engine, answer=answer))
    truth = given.answers.abilities[:, [given.competence]]
    return collect(ended, truth, competences=(given.competence,))


def run_with(given: Setting, criterion: Criterion) -> SimulatedTests:
    agents = np.arange(len(given.answers.abilities))
    course = replace(given.course, criterion=criterion)
    return run(course, Cohort(agents, tuple((1000 + agents).tolist()), given.answers))


def same(given: Setting) -> SimulatedTests:
    """Assert that the batch does what the engine does; return the tests."""
    found = batch(given)
    assert_same(found, scalar(given))
    return found


def assert_same(one: SimulatedTests, other: SimulatedTests) -> None:
    longest = max(one.items.shape[1], other.items.shape[1])
    first, second = (
        np.pad(tests.items, ((0, 0), (0, longest - tests.items.shape[1])), constant_values=NO_ITEM)
        for tests in (one, other)
    )
    assert np.array_equal(first, second)
    for name in ("theta", "standard_error", "level", "level_interval", "reasons", "share_below"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def reasons(tests: SimulatedTests) -> set[StopReason]:
    return {list(StopReason)[code] for code in tests.reasons.tolist()}


ROOMY = random_bank(200)
PURPOSES = list(Purpose)
VERSIONS_TRIED = pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "2.1.0"])


@VERSIONS_TRIED
@pytest.mark.parametrize("pool_size", [1, 2, 5, 10, 12])
@pytest.mark.parametrize("sharpness", [0, 3, 8])
def test_the_draw_is_that_of_the_engine(version: str, pool_size: int, sharpness: int) -> None:
    by = rules(pool_size=pool_size, maximum_items=12)
    drawn = SelectionRules(pool_size=pool_size, sharpness=sharpness, progressive_items=4)
    same(setting(version, replace(by, selection=drawn), ROOMY, agents=12))


@VERSIONS_TRIED
@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_rules_of_every_purpose_stop_the_same(version: str, purpose: Purpose) -> None:
    algorithm, seen = algorithm_for(version), set()
    for tables in (ROOMY, starter_bank(1)):
        given = setting(version, algorithm.rules_for(purpose), tables, agents=25)
        seen |= reasons(same(replace(given, item_budget=algorithm.item_budget(purpose, 1))))
    assert seen & {StopReason.NO_ITEM_LEFT, StopReason.LEVEL_CERTAIN}


@VERSIONS_TRIED
def test_precise_tests_are_the_same(version: str) -> None:
    by = rules(pool_size=5, maximum_items=18, standard_error=math.nextafter(0.32, 0.0))
    found = same(setting(version, by, ROOMY, agents=60))
    assert reasons(found) == {StopReason.PRECISION_REACHED, StopReason.ITEM_BUDGET}


@VERSIONS_TRIED
@pytest.mark.parametrize("competence", [0, 1])
@pytest.mark.parametrize("target", [None, 4])
def test_every_model_with_families_and_enemies(
    version: str, competence: int, target: int | None
) -> None:
    by = algorithm_for(version).rules_for(Purpose.CERTIFICATION)
    given = setting(version, by, mixed_bank(), agents=25)
    found = same(replace(given, competence=competence, target=target))
    if target is not None:
        assert StopReason.TARGET_DECIDED in reasons(found)


def test_scores_that_nobody_gets_are_valued_the_same() -> None:
    # Of the easy items no agent misses the first steps, by less than rounding can tell.
    steps = (-0.4, 0.0, 0.4)
    items = [
        Item(ItemModel.GRADED, competence=0, level=1, a=4.0, b=b, steps=steps)
        for b in (-4.4, -4.2, -4.0, -3.8, -3.6, 0.0, 0.5)
    ]
    given = setting("2.0.0", rules(maximum_items=7, standard_error=1e-9), tables_of(items))
    fall = given.course.criterion
    assert isinstance(fall, VarianceFall)
    with pytest.raises(AssertionError):
        assert_same(run_with(given, replace(fall, drops_impossible=False)), scalar(given))
    same(given)


@VERSIONS_TRIED
def test_items_that_would_not_help_are_not_asked(version: str) -> None:
    by = rules(minimum_items=2)
    by = replace(by, stopping=replace(by.stopping, least_variance_fall=0.02))
    assert reasons(same(setting(version, by, ROOMY))) == {StopReason.NO_MORE_TO_GAIN}


@VERSIONS_TRIED
def test_each_agent_is_asked_what_is_open_to_it(version: str) -> None:
    eligible = np.random.default_rng(4).random((AGENTS, ROOMY.item_count)) < 0.05
    eligible[0] = False
    given = setting(version, rules(pool_size=5, maximum_items=9), ROOMY)
    found = same(replace(given, admitted=Admissions.only(eligible)))
    assert found.lengths[0] == 0
    assert reasons(found) == {StopReason.NO_ITEM_LEFT, StopReason.ITEM_BUDGET}


@VERSIONS_TRIED
def test_scarce_items_count_for_less_and_featured_ones_come_first(version: str) -> None:
    tables, rng = mixed_bank(), np.random.default_rng(5)
    availability = rng.choice([0, 5, 100, 255], size=(AGENTS, tables.item_count)).astype(np.uint8)
    featured = rng.integers(-1, tables.item_count, AGENTS)  # of either competence
    by = algorithm_for("2.0.0").rules_for(Purpose.CERTIFICATION)
    given = setting(version, by, tables)
    found = same(replace(given, competence=1, admitted=Admissions(availability, featured)))
    is_first = found.items[:, 0] == featured
    expected = (featured >= 30) & (availability[np.arange(AGENTS), featured] > 0)
    if version != "1.0.0":
        assert is_first[expected].all()
    assert not is_first[~expected].any()


def test_version_2_begins_with_the_prior_of_the_engine() -> None:
    population = Population.independent(1)
    prior = replace(population.prior, mean=np.array([[1.0]]), unique=np.array([[0.2]]))
    by = rules(maximum_items=3)
    given = Setting(ROOMY, Engine(algorithm_for("2.0.0"), by, prior), answers_of(ROOMY))
    assert same(given).theta.mean() == pytest.approx(0.8, abs=0.3)


@VERSIONS_TRIED
def test_nobody_s_test_depends_on_whose_run_beside_it(version: str) -> None:
    # More than are worked on at a time, and fewer.
    count = AT_A_TIME + 20
    given = setting(version, rules(pool_size=5, maximum_items=14), ROOMY, agents=count)
    agents, content = np.arange(count), Content(np.arange(ROOMY.item_count) % 3, np.full(3, 2))
    seeds, course = tuple(agents.tolist()), replace(given.course, content=content)
    parts = [
        run(course, Cohort(agents[rows], seeds[rows], given.answers))
        for rows in (slice(0, 9), slice(9, 90), slice(90, None))
    ]
    assert_same(run(course, Cohort(agents, seeds, given.answers)), one_after_another(parts))


def test_versions_that_are_not_known_have_to_be_played() -> None:
    other = replace(algorithm_for("2.0.0"), version="9.9.9")
    with pytest.raises(ValueError, match=r"9\.9\.9"):
        Course.of_engine(ROOMY, 0, engine=replace(engine("2.0.0", rules(), ROOMY), algorithm=other))


def test_a_competence_without_items_ends_at_once() -> None:
    tables = tables_of([two_pl(1.0, 0.0)], competence_count=2)
    found = batch(replace(setting("1.0.0", rules(), tables, agents=3), competence=1))
    assert reasons(found) == {StopReason.NO_ITEM_LEFT}
    assert found.lengths.tolist() == [0, 0, 0]


def test_nobody_takes_no_test() -> None:
    assert len(batch(setting("1.0.0", rules(), ROOMY, agents=0))) == 0


def in_areas(given: Setting, content: Content) -> list[Measurement]:
    """The rule for content, told again for one agent at a time, on the service's own functions."""
    by, ended = given.engine.rules, []
    for agent in range(len(given.answers.abilities)):
        plan = SessionPlan(competences=(0,), seed=1000 + agent)
        responses: list[Response] = []
        while True:
            found = given.engine.measure(ROOMY, plan, responses=responses)
            state, posterior = found.state, found.posterior
            had = np.bincount(content.area[list(state.items)], minlength=len(content.minimum))
            below = (had < content.minimum)[content.area]
            owes = bool((below & ~state.blocked).any())
            shown = replace(state, blocked=state.blocked | ~below) if owes else state
            unmet = replace(by, stopping=replace(by.stopping, standard_error=1e-9))
            assert isinstance(posterior, SessionPosterior)
            decision = select(ROOMY, posterior, state=shown, rules=unmet if owes else by)
            if decision.selection is None:
                break
            item = decision.selection.item
            responses.append(Response(item, given.answers.category(agent, item)))
        ended.append(replace(found, decision=decision))
    return ended


@pytest.mark.parametrize("minimum", [[2, 0, 3, 1], [0, 60, 0, 1]])
def test_content_comes_to_its_minimum_first(minimum: list[int]) -> None:
    # The second area has 50 items, fewer than its minimum: it is given up when they are used up.
    content = Content(np.arange(200) % 4, np.array(minimum))
    by = rules(pool_size=5, standard_error=0.4, maximum_items=60)
    given = setting("1.0.0", by, ROOMY, agents=30)
    found = batch(given, content)
    assert_same(found, collect(in_areas(given, content), given.answers.abilities, competences=(0,)))
    had = np.stack([(found.items % 4 == area).sum(axis=1) for area in range(4)], axis=1)
    had[:, 3] -= (found.items == NO_ITEM).sum(axis=1)  # -1 % 4 is 3
    assert (had >= np.minimum(minimum, 50)).all()


@pytest.mark.parametrize("area", [[0, 1, 2], [0, -1, 1]])
def test_every_item_is_of_an_area_with_a_minimum(area: list[int]) -> None:
    with pytest.raises(ValueError, match="content area"):
        Content(np.array(area), np.array([1, 1]))
