"""Whole tests of many correlated competences: how many items, how honest the intervals.

    python -m benchmarks.joint_profile [--agents N] [--items-each N] [--json]

21 competences in five areas (3, 6, 4, 4, 4), 2PL items a lognormal(0, 0.3), b N(0, 1.2); simulated
agents from the normal population that each line names; one uniform number for each agent and item
decides whether the answer is right, the same for every engine.

- *apart*: every competence by itself (a population without correlation): what there was before.
- *together*: the joint posterior, its prior correlation the true one; the weights of the strengths
  of correlation are learnt beforehand from 4,000 agents of the same population, who answered 84
  items drawn at random.
- *wrong prior*: assumed .8 within and .6 across areas, true .5 and .3, default weights.
"""

import argparse
import json
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks.goals import Goal, at_least, at_most, print_goals, within
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters, category_probabilities
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.joint_estimation import JointPosterior, Posterior, estimate
from pacnum_api.psychometrics.joint_selection import select
from pacnum_api.psychometrics.population import DEFAULT_STRENGTHS, Population
from pacnum_api.psychometrics.rules import Rules, SelectionRules, StoppingRules
from pacnum_api.psychometrics.session import SessionPlan, after, begin
from pacnum_api.psychometrics.simulation import draw_abilities, framework_correlation
from pacnum_api.psychometrics.tables import BankTables

AREAS = (0,) * 3 + (1,) * 6 + (2,) * 4 + (3,) * 4 + (4,) * 4
FIVE = tuple(range(5))
NEVER = 2.0
TEACHERS, TEACHING_ITEMS = 4_000, 84


@dataclass(frozen=True)
class Setting:
    """One line: whom, under which prior, until when."""

    name: str
    areas: tuple[int, ...]
    true: tuple[float, float]
    assumed: tuple[float, float]
    weights: tuple[float, ...]
    items_each: int
    items: int | None = None
    standard_error: float = 0.40


@dataclass(frozen=True)
class Played:
    """One finished test: distances are estimate minus truth."""

    items: int
    distance: tuple[float, ...]
    standard_error: tuple[float, ...]
    mean_distance: float
    mean_standard_error: float
    strengths: tuple[float, ...]


@dataclass(frozen=True)
class Profile:
    """The figures of one line over its agents; each with its Monte Carlo standard error."""

    name: str
    agents: int
    items: float
    items_error: float
    rmse: float
    standard_error: float
    coverage_95: float
    coverage_error: float
    mean_coverage_95: float
    strengths: tuple[float, ...]


@lru_cache(maxsize=4)
def bank(competences: int, items_each: int) -> BankTables:
    rng = np.random.default_rng(1)
    items = [
        Item(
            ItemModel.TWO_PL,
            competence=competence,
            level=1,
            a=float(rng.lognormal(0.0, 0.3)),
            b=float(rng.normal(0.0, 1.2)),
        )
        for competence in range(competences)
        for _ in range(items_each)
    ]
    return BankTables.build(ItemParameters.from_items(items), competence_count=competences)


@lru_cache(maxsize=8)
def population(
    areas: tuple[int, ...], assumed: tuple[float, float], weights: tuple[float, ...]
) -> Population:
    if assumed == (0.0, 0.0):
        return Population.independent(len(areas))
    correlation = framework_correlation(areas, within=assumed[0], across=assumed[1])
    strengths = DEFAULT_STRENGTHS if len(weights) > 1 else (1.0,)
    return Population(correlation, strengths=strengths, weights=weights)


def rules(setting: Setting) -> Rules:
    return Rules(
        selection=SelectionRules(pool_size=1, sharpness=8),
        stopping=StoppingRules(
            minimum_items=1,
            maximum_items=60,
            standard_error=0.01 if setting.items else setting.standard_error,
            level_certainty=NEVER,
            target_probability=0.99,
            least_variance_fall=0.0,
            least_risk_fall=0.0,
        ),
    )


def play(task: tuple[Setting, int]) -> Played:
    setting, seed = task
    count = len(setting.areas)
    tables = bank(count, setting.items_each)
    rng = np.random.default_rng(seed)
    within_area, across = setting.true
    truth = draw_abilities(
        rng, framework_correlation(setting.areas, within=within_area, across=across)
    )[0]
    posterior, items = _answered(setting, tables, truth, uniforms=rng.random(tables.item_count))
    every = tuple(range(count))
    found = [posterior.marginal(competence) for competence in every]
    mean = posterior.mean_of(every)
    assert mean is not None
    weights = getattr(posterior, "strength_weights", np.ones(1))
    return Played(
        items=items,
        distance=tuple(one.theta - theta for one, theta in zip(found, truth, strict=True)),
        standard_error=tuple(one.standard_error for one in found),
        mean_distance=mean.theta - float(truth.mean()),
        mean_standard_error=mean.standard_error,
        strengths=tuple(weights.tolist()),
    )


def _answered(
    setting: Setting, tables: BankTables, truth: FloatArray, *, uniforms: FloatArray
) -> tuple[Posterior, int]:
    every = tuple(range(len(truth)))
    prior = population(setting.areas, setting.assumed, setting.weights).prior.only(every)
    state = begin(tables, SessionPlan(competences=every, seed=1, item_budget=setting.items))
    by = rules(setting)
    responses: list[Response] = []
    while True:
        posterior = estimate(tables, responses, prior=prior, competences=every)
        selection = select(tables, posterior, state=state, rules=by).selection
        if selection is None:
            return posterior, len(responses)
        theta = float(truth[selection.competence])
        chance = float(category_probabilities(tables.parameters, selection.item, theta=theta)[1, 0])
        right = int(uniforms[selection.item] < chance)
        responses.append(Response(selection.item, right))
        state = after(tables, state, item=selection.item)


def profile(setting: Setting, played: Sequence[Played]) -> Profile:
    items = np.array([one.items for one in played], dtype=np.float64)
    distance = np.array([one.distance for one in played])
    error = np.array([one.standard_error for one in played])
    covered = np.mean(np.abs(distance) <= 1.959964 * error, axis=1)
    mean_distance = np.array([one.mean_distance for one in played])
    mean_error = np.array([one.mean_standard_error for one in played])
    root = np.sqrt(len(played))
    return Profile(
        name=setting.name,
        agents=len(played),
        items=float(items.mean()),
        items_error=float(items.std() / root),
        rmse=float(np.sqrt(np.mean(distance**2))),
        standard_error=float(error.mean()),
        coverage_95=float(covered.mean()),
        coverage_error=float(covered.std() / root),
        mean_coverage_95=float(np.mean(np.abs(mean_distance) <= 1.959964 * mean_error)),
        strengths=tuple(np.mean([one.strengths for one in played], axis=0).round(3).tolist()),
    )


def run(setting: Setting, *, agents: int, first_seed: int = 1_000) -> Profile:
    tasks = [(setting, first_seed + place) for place in range(agents)]
    processes = min(2, os.cpu_count() or 1)
    with multiprocessing.Pool(processes) as pool:
        played = pool.map(play, tasks, chunksize=4)
    found = profile(setting, played)
    print(
        f"{found.name:44s} {found.items:7.1f} ± {found.items_error:3.1f}  {found.rmse:.3f}  "
        f"{found.standard_error:.3f}   {found.coverage_95:.3f} ± {found.coverage_error:.3f}    "
        f"{found.mean_coverage_95:.3f}  {found.strengths}",
        flush=True,
    )
    return found


def taught(task: tuple[Setting, int]) -> tuple[float, ...]:
    """What the answers of one agent to items drawn at random say of the strengths."""
    setting, seed = task
    count = len(setting.areas)
    tables = bank(count, setting.items_each)
    rng = np.random.default_rng(seed)
    within_area, across = setting.true
    correlation = framework_correlation(setting.areas, within=within_area, across=across)
    truth = draw_abilities(rng, correlation)[0]
    responses = []
    for competence in range(count):
        first = tables.competences[competence].first
        for item in rng.choice(setting.items_each, TEACHING_ITEMS // count, replace=False):
            theta = float(truth[competence])
            chance = category_probabilities(tables.parameters, first + item, theta=theta)[1, 0]
            responses.append(Response(first + int(item), int(rng.random() < chance)))
    every = tuple(range(count))
    prior = population(setting.areas, setting.assumed, setting.weights).prior.only(every)
    posterior = estimate(tables, responses, prior=prior, competences=every)
    assert isinstance(posterior, JointPosterior)
    return tuple(posterior.strength_weights.tolist())


def learnt_weights(setting: Setting) -> tuple[float, ...]:
    """Return the weights of the strengths of correlation that other agents of the same population
    teach: expectation-maximisation over the posterior weights, starting evenly.
    """
    even = tuple(1.0 / len(DEFAULT_STRENGTHS) for _ in DEFAULT_STRENGTHS)
    teaching = replace(setting, weights=even)
    tasks = [(teaching, 500_000 + place) for place in range(TEACHERS)]
    with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool:
        evidence = np.array(pool.map(taught, tasks, chunksize=50))
    weights = np.array(even)
    for _ in range(2_000):
        share = evidence * weights
        weights = np.mean(share / share.sum(axis=1, keepdims=True), axis=0)
    weights = np.maximum(weights, 1e-3)
    return tuple((weights / weights.sum()).tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--items-each", type=int, default=240, help="items of each competence")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    print(
        f"{'':44s}   items         RMSE   SE      95 % coverage    of mean  strengths 0 .35 .7 1\n"
    )
    profiles, goals = figures(asked.agents, items_each=asked.items_each)
    print_goals(goals)
    if asked.json:
        print(json.dumps({"profiles": [asdict(one) for one in profiles]}))


def figures(agents: int, *, items_each: int) -> tuple[list[Profile], list[Goal]]:
    profiles: list[Profile] = []
    goals: list[Goal] = []
    for areas, patterns, limit in (
        (AREAS, ((0.8, 0.6), (0.85, 0.75), (0.9, 0.7)), 0.42),
        (FIVE, ((0.7, 0.7), (0.75, 0.75), (0.8, 0.8)), 0.62),
    ):
        for pattern in patterns:
            found, goal = shorter(areas, pattern, agents=agents, items_each=items_each, limit=limit)
            profiles += found
            goals += goal
    found, goal = fixed_length(agents, items_each=items_each)
    profiles += found
    goals += goal
    found, goal = wrong_prior(agents, items_each=items_each)
    return profiles + found, goals + goal


def shorter(
    areas: tuple[int, ...],
    pattern: tuple[float, float],
    *,
    agents: int,
    items_each: int,
    limit: float,
) -> tuple[list[Profile], list[Goal]]:
    count = len(areas)
    label = f"{count} competences, r {pattern[0]}/{pattern[1]}"
    apart = Setting(f"{label}: apart", areas, pattern, (0.0, 0.0), (1.0,), items_each)
    learning = Setting(label, areas, pattern, pattern, (1.0,), items_each)
    weights = learnt_weights(learning)
    together = Setting(f"{label}: together", areas, pattern, pattern, weights, items_each)
    alone, joint = run(apart, agents=agents), run(together, agents=agents)
    return [alone, joint], [
        at_most(f"{label}: items against apart", joint.items / alone.items, limit=limit),
        within(f"{label}: coverage", joint.coverage_95, low=0.935, high=0.965),
    ]


def fixed_length(agents: int, *, items_each: int) -> tuple[list[Profile], list[Goal]]:
    pattern = (0.8, 0.6)
    learning = Setting("", AREAS, pattern, pattern, (1.0,), items_each)
    weights = learnt_weights(learning)
    apart = Setting("42 items: apart", AREAS, pattern, (0.0, 0.0), (1.0,), items_each, items=42)
    together = Setting("42 items: together", AREAS, pattern, pattern, weights, items_each, items=42)
    alone, joint = run(apart, agents=agents), run(together, agents=agents)
    return [alone, joint], [
        at_most("42 items, 21 competences: mean SE", joint.standard_error, limit=0.48),
        within("42 items, 21 competences: coverage", joint.coverage_95, low=0.935, high=0.965),
    ]


def wrong_prior(agents: int, *, items_each: int) -> tuple[list[Profile], list[Goal]]:
    default = (0.1, 0.2, 0.3, 0.4)
    wrong = Setting(
        "wrong prior: 84 items", AREAS, (0.5, 0.3), (0.8, 0.6), default, items_each, items=84
    )
    sure = Setting(
        "wrong prior without doubt: 84 items",
        AREAS,
        (0.5, 0.3),
        (0.8, 0.6),
        (1.0,),
        items_each,
        items=84,
    )
    found, without_doubt = run(wrong, agents=agents), run(sure, agents=agents)
    return [found, without_doubt], [
        at_least("wrong prior: coverage", found.coverage_95, limit=0.92),
        at_least("wrong prior: coverage of the mean", found.mean_coverage_95, limit=0.93),
    ]


if __name__ == "__main__":
    main()
