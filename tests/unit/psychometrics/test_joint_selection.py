"""What an item is worth when all abilities are estimated together: against brute force."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.estimation import CompetencePosterior, Response
from pacnum_api.psychometrics.joint_estimation import JointPosterior, Posterior, estimate
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.joint_values import density_at_cut
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.scale import THETA_STEP
from pacnum_api.psychometrics.selection import Selection, ValueKind
from pacnum_api.psychometrics.session import Quota, SessionPlan, replayed
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.tables import BankTables
from tests.unit.psychometrics.banks import (
    mixed_answers,
    mixed_bank,
    random_bank,
    rules,
    simulated_agent,
    tables_of,
    two_areas,
    two_pl,
)

ONE_STRENGTH = Population(framework_correlation([0, 0, 1]), strengths=(1.0,), weights=(1.0,))
ASKED = (0, 1, 2)
seeds = st.integers(0, 2**32 - 1)


def weak_bank(seed: int) -> BankTables:
    """Three items of little information for each of three competences: 9, so that all of them are
    among the candidates of a decision.
    """
    rng = np.random.default_rng(seed)
    items = [
        two_pl(float(rng.uniform(0.3, 0.5)), float(rng.normal()), competence=place // 3)
        for place in range(9)
    ]
    items[4] = Item(
        ItemModel.PARTIAL_CREDIT, competence=1, level=1, a=0.3, b=0.2, steps=(-0.5, 0.7)
    )
    items[8] = Item(ItemModel.GRADED, competence=2, level=1, a=0.4, b=-0.3, steps=(-0.6, 0.6))
    return tables_of(items, competence_count=3)


def told(tables: BankTables, population: Population, *, seed: int) -> Posterior:
    """A posterior that differs between competences: from an earlier test with sharper items."""
    sharp = random_bank(30, competence_count=3, seed=seed)
    rng = np.random.default_rng(seed)
    responses = mixed_answers(sharp, rng.permutation(30)[:8].tolist(), rng=rng)
    first = estimate(sharp, responses, prior=population.prior, competences=ASKED)
    prior = population.prior_after(first.state(population.prior), elapsed_years=0.5)
    return estimate(tables, [], prior=prior, competences=ASKED)


def with_answer(posterior: Posterior, response: Response) -> Posterior:
    """The posterior after one answer, of one that had none."""
    return estimate(
        posterior.tables, [response], prior=posterior.prior, competences=posterior.competences
    )


def expected_fall(posterior: Posterior, item: int, *, loss: Callable[[Posterior], float]) -> float:
    """By conditioning on each answer, propagating anew, and averaging the loss."""
    tables = posterior.tables
    weights = posterior.marginal(tables.competence_of[item]).weights
    left = 0.0
    for category in range(int(tables.parameters.categories[item])):
        row = tables.likelihood[tables.likelihood_row(item, category)]
        left += float(weights @ row) * loss(with_answer(posterior, Response(item, category)))
    return loss(posterior) - left


def chosen(posterior: Posterior, plan: SessionPlan, *, by: Rules) -> Selection:
    state = replayed(posterior.tables, plan, items=())
    found = select(posterior.tables, posterior, state=state, rules=by).selection
    assert found is not None
    return found


def values(
    posterior: Posterior,
    *,
    targets: Mapping[int, int] | None = None,
    closed: Sequence[int] = (),
) -> dict[int, float]:
    """The value of each item of a bank of at most ten; ``closed`` competences are done."""
    quotas = dict.fromkeys(closed, Quota(minimum=0, maximum=0))
    plan = SessionPlan(competences=ASKED, seed=3, targets=targets or {}, quotas=quotas)
    found = chosen(posterior, plan, by=rules())
    return {candidate.item: candidate.value for candidate in found.candidates}


@pytest.mark.parametrize("seed", range(4))
def test_value_is_the_expected_fall_of_the_summed_variances(seed: int) -> None:
    posterior = told(weak_bank(seed), ONE_STRENGTH, seed=seed)
    found = values(posterior)
    assert sorted(found) == list(range(9))
    for item, value in found.items():
        exact = expected_fall(posterior, item, loss=lambda one: sum(one.variances))
        assert value == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_with_doubt_about_the_correlation_value_is_still_about_the_fall(seed: int) -> None:
    posterior = told(weak_bank(seed), two_areas(3), seed=seed)
    for item, value in values(posterior).items():
        exact = expected_fall(posterior, item, loss=lambda one: sum(one.variances))
        assert value == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_only_competences_still_open_are_worth_something(seed: int) -> None:
    posterior = told(weak_bank(seed), ONE_STRENGTH, seed=seed)
    found = values(posterior, closed=(1,))
    assert sorted(found) == [0, 1, 2, 6, 7, 8]
    for item, value in found.items():
        exact = expected_fall(posterior, item, loss=lambda one: one.variances[0] + one.variances[2])
        assert value == pytest.approx(exact, rel=0.03)


def risk(targets: Mapping[int, int]) -> Callable[[Posterior], float]:
    """The quadratic risk of misclassification of competences with a target, and the variance of
    the others."""

    def loss(posterior: Posterior) -> float:
        whole = 0.0
        for place, competence in enumerate(posterior.competences):
            if competence in targets:
                chance = posterior.marginal(competence).probability_at_least(targets[competence])
                whole += chance * (1.0 - chance)
            else:
                whole += posterior.variances[place]
        return whole

    return loss


@pytest.mark.parametrize("targets", [{0: 4, 1: 4, 2: 5}, {0: 5}, {1: 3, 2: 4}])
@pytest.mark.parametrize("seed", range(3))
def test_with_targets_value_is_the_expected_fall_of_the_risk(
    seed: int, targets: dict[int, int]
) -> None:
    posterior = told(weak_bank(seed), ONE_STRENGTH, seed=seed)
    for item, value in values(posterior, targets=targets).items():
        exact = expected_fall(posterior, item, loss=risk(targets))
        assert value == pytest.approx(exact, rel=0.12)


def test_one_competence_with_a_target_is_valued_exactly() -> None:
    tables = mixed_bank(8)
    posterior = estimate(tables, [], prior=Population.independent(1).prior, competences=(0,))
    plan = SessionPlan(competences=(0,), seed=3, targets={0: 5})
    found = chosen(posterior, plan, by=rules())
    assert found.value_kind is ValueKind.RISK_FALL
    for item, value, _ in found.candidates:
        exact = expected_fall(posterior, item, loss=risk({0: 5}))
        assert value == pytest.approx(exact, rel=0.03)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(1, 6), st.integers(0, 40))
def test_values_are_at_least_nothing_and_at_most_all(seed: int, count: int, answers: int) -> None:
    rng = np.random.default_rng(seed)
    tables = mixed_bank(*([8] * count), seed=seed % 101)
    responses = mixed_answers(
        tables, rng.permutation(tables.item_count)[:answers].tolist(), rng=rng
    )
    asked = tuple(range(count))
    posterior = estimate(tables, responses, prior=two_areas(count).prior, competences=asked)
    found = chosen(posterior, SessionPlan(competences=asked, seed=seed), by=rules())
    whole = sum(posterior.variances)
    assert all(0.0 <= candidate.value < whole for candidate in found.candidates)


def stepped_bank(rng: np.random.Generator) -> BankTables:
    """Forty items with up to five steps for each of two competences, easy ones among them."""
    items = []
    for place in range(80):
        steps = np.sort(rng.normal(0.0, 1.0, int(rng.integers(2, 5))))
        items.append(
            Item(
                ItemModel.PARTIAL_CREDIT if rng.random() < 0.5 else ItemModel.GRADED,
                competence=place // 40,
                level=1,
                a=float(rng.lognormal(0.2, 0.35)),
                b=float(rng.normal(0.0, 1.5)),
                steps=tuple((steps + 1e-3 * np.arange(len(steps))).tolist()),
            )
        )
    return tables_of(items, competence_count=2)


@pytest.mark.parametrize("asked", [(0,), (0, 1)])
@pytest.mark.parametrize("targets", [{}, {0: 7}])
@pytest.mark.parametrize("seed", [4, 14, 41, 66])
def test_a_score_that_cannot_come_is_worth_nothing(
    seed: int, targets: dict[int, int], asked: tuple[int, ...]
) -> None:
    """Far above an easy item nobody scores 0: what rounding leaves there must not count."""
    rng = np.random.default_rng(seed)
    tables = stepped_bank(rng)
    agent = simulated_agent(tables, (3.0, 2.0), rng=rng)
    items = [item for item in rng.permutation(80)[:24].tolist() if item < 40 * len(asked)]
    responses = [Response(item, agent(item)) for item in items]
    posterior = estimate(tables, responses, prior=two_areas(2).prior.only(asked), competences=asked)
    plan = SessionPlan(competences=asked, seed=1, targets=targets)
    state = replayed(tables, plan, items=items)
    found = select(tables, posterior, state=state, rules=rules(minimum_items=40)).selection
    assert found is not None
    # Nothing is worth less than nothing: every item that was not put is in the pool.
    assert found.pool_size == 40 * len(asked) - len(items)
    assert found.candidates[0].value < sum(posterior.variances)


def test_an_item_that_informs_about_more_open_competences_is_worth_more() -> None:
    alike = [two_pl(1.0, 0.0, competence=competence) for competence in range(3)]
    tables = tables_of(alike, competence_count=3)
    population = Population(framework_correlation([0, 0, 1], across=0.2))
    posterior = estimate(tables, [], prior=population.prior, competences=ASKED)
    found = values(posterior)
    assert found[0] == pytest.approx(found[1])
    assert found[0] > 1.2 * found[2]


def test_density_at_a_cut_is_that_of_the_posterior() -> None:
    tables = mixed_bank(6, 6)
    posterior = estimate(
        tables, [Response(0, 1)], prior=two_areas(2).prior, competences=(0, 1)
    ).marginal(0)
    for level in range(1, 9):
        cut = posterior.scale.start_of(level)
        lower, higher = (
            replace_cut(posterior, level, cut + shift) for shift in (-THETA_STEP, THETA_STEP)
        )
        slope = (lower - higher) / (2.0 * THETA_STEP)
        assert density_at_cut(posterior, level) == pytest.approx(slope, rel=0.01)


def replace_cut(posterior: CompetencePosterior, level: int, cut: float) -> float:
    """The probability of reaching the level if it began elsewhere."""
    cuts = list(posterior.scale.cuts)
    cuts[level - 1] = cut
    moved = replace(posterior.scale, cuts=tuple(cuts))
    return replace(posterior, scale=moved).probability_at_least(level)


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(0, 30))
def test_no_level_that_is_certain_goes_unnoticed(seed: int, answers: int) -> None:
    """The marginal on the grid is made only where the nodes allow of certainty."""
    rng = np.random.default_rng(seed)
    tables = random_bank(60, competence_count=3, seed=seed % 11)
    items = rng.permutation(60)[:answers].tolist()
    chosen_answers = [Response(item, int(rng.random() < 0.85)) for item in items]
    posterior = estimate(tables, chosen_answers, prior=two_areas(3).prior, competences=ASKED)
    assert isinstance(posterior, JointPosterior)
    for certainty in (0.3, 0.5, 0.7):
        by = rules(minimum_items=0, level_certainty=certainty)
        state = replayed(tables, SessionPlan(competences=ASKED, seed=1), items=())
        closed = select(tables, posterior, state=state, rules=by).closed
        expected = {
            competence
            for competence in ASKED
            if posterior.marginal(competence).level_certainty >= certainty
        }
        assert set(closed) == expected
