"""The batch against the engine that serves sessions: the same bits, whatever the bank and rules."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import Prior, Response, estimate, update
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.selection import select
from pacnum_api.psychometrics.session import SessionPlan, after, begin
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import Cohort, Content, Course, run
from pacnum_api.psychometrics.simulation.records import NO_ITEM, SimulatedTests
from pacnum_api.psychometrics.simulation.sessions import Engine, Played, collect, play
from pacnum_api.psychometrics.stopping import StopReason
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import random_bank, rules, starter_bank, tables_of, two_pl

AGENTS = 60


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


def batch(course: Course, answers: AnswerModel, eligible: object = None) -> SimulatedTests:
    agents = np.arange(len(answers.abilities))
    seeds = tuple(range(1000, 1000 + len(agents)))
    mask = None if eligible is None else np.asarray(eligible, dtype=np.bool_)
    return run(course, Cohort(agents, seeds, answers, mask))


def scalar(course: Course, answers: AnswerModel, eligible: object = None) -> SimulatedTests:
    engine = Engine(
        algorithm_for("1.0.0"),
        course.rules,
        course.prior or Prior.standard(course.tables.competence_count),
    )
    played = []
    for agent in range(len(answers.abilities)):
        mask = None if eligible is None else np.asarray(eligible, dtype=np.bool_)[agent]
        plan = SessionPlan(
            competences=(course.competence,),
            seed=1000 + agent,
            targets={} if course.target is None else {course.competence: course.target},
            eligible=mask,
        )

        def answer(item: int, agent: int = agent) -> int:
            return answers.category(agent, item)

        played.append(play(course.tables, plan, engine=engine, answer=answer))
    truth = answers.abilities[:, [course.competence]]
    return collect(played, truth, competences=(course.competence,))


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
BY_ALGORITHM = algorithm_for("1.0.0").rules


@pytest.mark.parametrize("pool_size", [1, 2, 5, 10, 12])
@pytest.mark.parametrize("sharpness", [0, 3, 8])
def test_the_draw_is_that_of_the_engine(pool_size: int, sharpness: int) -> None:
    by = rules(pool_size=pool_size, maximum_items=12)
    by = replace(by, selection=replace(by.selection, sharpness=sharpness))
    course = Course.of_engine(ROOMY, 0, rules=by)
    answers = answers_of(ROOMY, agents=40)
    assert_same(batch(course, answers), scalar(course, answers))


@pytest.mark.parametrize("purpose", BY_ALGORITHM)
def test_the_rules_of_every_purpose_stop_the_same(purpose: str) -> None:
    by: Rules = dict(BY_ALGORITHM)[purpose]  # type: ignore[index] # a purpose is its own string
    seen = set()
    for tables in (ROOMY, starter_bank(1)):
        course, answers = Course.of_engine(tables, 0, rules=by), answers_of(tables, agents=60)
        found = batch(course, answers)
        assert_same(found, scalar(course, answers))
        seen |= reasons(found)
    assert seen & {StopReason.NO_ITEM_LEFT, StopReason.LEVEL_CERTAIN}


def test_hundreds_of_precise_tests_are_the_same() -> None:
    by = rules(pool_size=5, standard_error=math.nextafter(0.32, 0.0))
    course, answers = Course.of_engine(ROOMY, 0, rules=by), answers_of(ROOMY, agents=250)
    found = batch(course, answers)
    assert_same(found, scalar(course, answers))
    assert reasons(found) == {StopReason.PRECISION_REACHED, StopReason.ITEM_BUDGET}


@pytest.mark.parametrize("competence", [0, 1])
@pytest.mark.parametrize("target", [None, 4])
def test_every_model_with_families_and_enemies(competence: int, target: int | None) -> None:
    tables = mixed_bank()
    by = BY_ALGORITHM[list(BY_ALGORITHM)[2]]
    course = Course.of_engine(tables, competence, rules=by, target=target)
    answers = answers_of(tables, agents=60)
    found = batch(course, answers)
    assert_same(found, scalar(course, answers))
    if target is not None:
        assert StopReason.TARGET_DECIDED in reasons(found)


def test_items_that_would_not_help_are_not_asked() -> None:
    by = rules(minimum_items=2)
    by = replace(by, stopping=replace(by.stopping, least_variance_fall=0.02))
    course, answers = Course.of_engine(ROOMY, 0, rules=by), answers_of(ROOMY)
    found = batch(course, answers)
    assert_same(found, scalar(course, answers))
    assert reasons(found) == {StopReason.NO_MORE_TO_GAIN}


def test_each_agent_is_asked_what_is_open_to_it() -> None:
    eligible = np.random.default_rng(4).random((AGENTS, ROOMY.item_count)) < 0.05
    eligible[0] = False
    course = Course.of_engine(ROOMY, 0, rules=rules(pool_size=5, maximum_items=9))
    answers = answers_of(ROOMY)
    found = batch(course, answers, eligible)
    assert_same(found, scalar(course, answers, eligible))
    assert found.lengths[0] == 0
    assert reasons(found) == {StopReason.NO_ITEM_LEFT, StopReason.ITEM_BUDGET}


def test_the_prior_is_the_course_s() -> None:
    prior = Prior(mean=(1.0,), standard_deviation=(0.5,))
    course = replace(Course.of_engine(ROOMY, 0, rules=rules(maximum_items=3)), prior=prior)
    answers = answers_of(ROOMY, agents=20)
    found = batch(course, answers)
    assert_same(found, scalar(course, answers))
    assert found.theta.mean() == pytest.approx(0.8, abs=0.3)


def test_a_competence_without_items_ends_at_once() -> None:
    tables = tables_of([two_pl(1.0, 0.0)], competence_count=2)
    course = Course.of_engine(tables, 1, rules=rules())
    found = batch(course, answers_of(tables, agents=3))
    assert reasons(found) == {StopReason.NO_ITEM_LEFT}
    assert found.lengths.tolist() == [0, 0, 0]


def test_nobody_takes_no_test() -> None:
    course = Course.of_engine(ROOMY, 0, rules=rules())
    assert len(batch(course, answers_of(ROOMY, agents=0))) == 0


def in_areas(course: Course, answers: AnswerModel, content: Content) -> list[Played]:
    """The rule for content, told again for one agent at a time, on the service's own functions."""
    tables, by, played = course.tables, course.rules, []
    for agent in range(len(answers.abilities)):
        state = begin(tables, SessionPlan(competences=(0,), seed=1000 + agent))
        posterior = estimate(tables, (), prior=Prior.standard(1))
        while True:
            had = np.bincount(content.area[list(state.items)], minlength=len(content.minimum))
            below = (had < content.minimum)[content.area]
            owes = bool((below & ~state.blocked).any())
            shown = replace(state, blocked=state.blocked | ~below) if owes else state
            unmet = replace(by, stopping=replace(by.stopping, standard_error=1e-9))
            decision = select(tables, posterior, state=shown, rules=unmet if owes else by)
            if decision.selection is None:
                break
            item = decision.selection.item
            state = after(tables, state, item=item)
            response = Response(item, answers.category(agent, item))
            posterior = update(tables, posterior, response=response)
        assert decision.reason is not None
        played.append(Played(state, posterior, decision.reason))
    return played


@pytest.mark.parametrize("minimum", [[2, 0, 3, 1], [0, 60, 0, 1]])
def test_content_comes_to_its_minimum_first(minimum: list[int]) -> None:
    # The second area has 50 items, fewer than its minimum: it is given up when they are used up.
    content = Content(np.arange(200) % 4, np.array(minimum))
    by = rules(pool_size=5, standard_error=0.4, maximum_items=60)
    course = Course.of_engine(ROOMY, 0, rules=by, content=content)
    answers = answers_of(ROOMY, agents=40)
    found = batch(course, answers)
    expected = collect(in_areas(course, answers, content), answers.abilities, competences=(0,))
    assert_same(found, expected)
    had = np.stack([(found.items % 4 == area).sum(axis=1) for area in range(4)], axis=1)
    had[:, 3] -= (found.items == NO_ITEM).sum(axis=1)  # -1 % 4 is 3
    assert (had >= np.minimum(minimum, 50)).all()


@pytest.mark.parametrize("area", [[0, 1, 2], [0, -1, 1]])
def test_every_item_is_of_an_area_with_a_minimum(area: list[int]) -> None:
    with pytest.raises(ValueError, match="content area"):
        Content(np.array(area), np.array([1, 1]))
