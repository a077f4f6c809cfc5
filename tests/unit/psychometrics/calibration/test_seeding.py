from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.arithmetic import FloatArray, IntArray
from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.seeding import (
    SeedPool,
    SeedRules,
    SeedState,
    Trial,
    choose_seeded,
    is_seed_position,
    updated_item,
)
from pacnum_api.psychometrics.estimation import AbilityEstimate
from tests.unit.psychometrics.calibration.simulated import scores

CREDIT = Item(ItemModel.PARTIAL_CREDIT, competence=1, level=1, a=1.0, b=0.3, steps=(-0.5, 0.0, 0.5))


def new_items() -> list[Item]:
    places = (-1.5, -0.5, 0.5, 1.5)
    right_wrong = [Item(ItemModel.TWO_PL, competence=0, level=1, b=b) for b in places]
    return [*right_wrong, CREDIT]


POOL = SeedPool.of(new_items())
GREEDY = SeedRules(pool_size=1)


def at(theta: float, *, position: int = 5, seed: int = 1, competence: int = 0) -> Trial:
    ability = AbilityEstimate(theta=theta, standard_error=0.3)
    return Trial(seed=seed, position=position, abilities={competence: ability})


def test_the_first_answers_go_where_they_tell_most() -> None:
    state = SeedState.begin(POOL)
    found = [choose_seeded(POOL, state, trial=at(theta), rules=GREEDY) for theta in (-2.5, 2.5)]
    assert found == [0, 3]
    assert choose_seeded(POOL, state, trial=at(0.0, competence=1), rules=GREEDY) == 4
    assert choose_seeded(POOL, state, trial=at(0.0, competence=2), rules=GREEDY) is None


def test_answers_are_shared_out_and_end_at_the_number_wanted() -> None:
    rng = np.random.default_rng(1)
    state, rules = SeedState.begin(POOL), SeedRules(wanted_answers=60)
    for turn in range(240):
        trial = at(float(rng.normal()), seed=turn)
        item = choose_seeded(POOL, state, trial=trial, rules=rules)
        assert item is not None
        state = state.after(POOL, item, ability=trial.abilities[0])
        if turn == 119:
            assert state.answers[:4].min() >= 20
    assert state.answers.tolist() == [60, 60, 60, 60, 0]
    assert choose_seeded(POOL, state, trial=at(0.0), rules=rules) is None


def test_what_was_learnt_is_the_information_of_the_answers() -> None:
    ability = AbilityEstimate(theta=0.5, standard_error=0.05)
    begun = SeedState.begin(POOL)
    state = begun.after(POOL, 1, ability=ability)
    assert (state.learnt[0] == begun.learnt[0]).all()
    chance = 1.0 / (1.0 + np.exp(-1.0))
    information = chance * (1.0 - chance)
    assert state.learnt[1] - begun.learnt[1] == pytest.approx(
        [information, -information, information], rel=0.02
    )
    assert state.answers.tolist() == [0, 1, 0, 0, 0]


def test_only_what_may_be_asked_is_tried() -> None:
    eligible = np.array([False, True, False, False, True])
    trial = replace(at(-1.5), eligible=eligible)
    assert choose_seeded(POOL, SeedState.begin(POOL), trial=trial, rules=GREEDY) == 1


def test_the_draw_depends_on_seed_and_position_alone() -> None:
    state, rules = SeedState.begin(POOL), SeedRules(pool_size=3)
    drawn = [
        choose_seeded(POOL, state, trial=at(0.0, seed=seed), rules=rules) for seed in range(60)
    ]
    again = [
        choose_seeded(POOL, state, trial=at(0.0, seed=seed), rules=rules) for seed in range(60)
    ]
    assert drawn == again
    assert len(set(drawn)) == 3


def test_positions_are_drawn_by_the_share() -> None:
    rules = SeedRules(share=0.2, first_position=4)
    drawn = [
        [is_seed_position(seed, position, rules=rules) for position in range(1, 24)]
        for seed in range(200)
    ]
    assert not np.array(drawn)[:, :3].any()
    assert np.mean(np.array(drawn)[:, 3:]) == pytest.approx(0.2, abs=0.02)
    assert is_seed_position(7, 9, rules=SeedRules(share=1.0))
    assert not is_seed_position(7, 9, rules=SeedRules(share=0.0))


def answered(item: Item, *, count: int, seed: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Scores of agents whose abilities are known to 0.35."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=count)
    score = scores([replace(item, competence=0)], theta, rng=rng)[:, 0].astype(np.int64)
    error = np.full(count, 0.35)
    shrink = 1.0 - 0.35**2
    estimate = shrink * theta + rng.normal(0.0, 0.35 * np.sqrt(shrink), count)
    return score, estimate, error


@pytest.mark.parametrize(
    "true",
    [
        Item(ItemModel.TWO_PL, competence=0, level=1, a=1.4, b=0.7),
        Item(ItemModel.THREE_PL, competence=0, level=1, a=1.2, b=-0.3, c=0.2),
        replace(CREDIT, a=1.3, b=-0.2),
    ],
)
def test_a_new_item_obtains_its_parameters_within_their_errors(true: Item) -> None:
    provisional = replace(true, a=1.0, b=0.0, sigma_a=0.3, sigma_b=0.5)
    z = []
    for seed in range(12):
        score, theta, error = answered(true, count=600, seed=seed)
        found = updated_item(provisional, score, theta=theta, standard_error=error)
        z.append([(found.a - true.a) / found.sigma_a, (found.b - true.b) / found.sigma_b])
        assert found.sigma_b < 0.3
        assert found.sigma_a < 0.4
    assert np.all(np.abs(np.mean(z, axis=0)) < 1.1)
    assert np.sqrt(np.mean(np.square(z))) < 1.5


def test_few_answers_leave_the_provisional_place_nearly_as_it_was() -> None:
    item = Item(ItemModel.TWO_PL, competence=0, level=1, b=1.5)
    found = updated_item(
        item, np.array([1, 0]), theta=np.array([0.2, 0.1]), standard_error=np.array([0.3, 0.3])
    )
    assert found.sigma_b > 0.9
    assert abs(found.b - 1.5) < 1.5


def test_faults_are_named() -> None:
    with pytest.raises(ValueError, match="no new item"):
        SeedPool.of([])
    for wrong in ({"share": 1.1}, {"share": -0.1}, {"pool_size": 0}, {"wanted_answers": 0}):
        with pytest.raises(ValueError, match="a share between"):
            SeedRules(**wrong)
    with pytest.raises(ValueError, match="cannot give"):
        updated_item(new_items()[0], np.array([2]), theta=np.zeros(1), standard_error=np.ones(1))


def test_the_value_of_an_item_is_the_share_of_its_doubt_that_an_answer_settles() -> None:
    """Two items of which one has learnt from the able, the other from the weak: an able agent's
    answer tells most of the latter, whose matrix is far from symmetric.
    """
    pool = SeedPool.of([Item(ItemModel.TWO_PL, competence=0, level=1, b=0.0) for _ in range(2)])
    state = SeedState.begin(pool)
    for _ in range(20):
        for item, theta in ((0, 1.5), (1, -1.5)):
            state = state.after(pool, item, ability=AbilityEstimate(theta, 0.2))
    for theta, expected in ((1.5, 1), (-1.5, 0)):
        ability = AbilityEstimate(theta, 0.2)
        more = state.after(pool, 0, ability=ability).after(pool, 1, ability=ability)
        settled = []
        for item in range(2):
            learnt, gained = (
                np.array([[one[0], one[1]], [one[1], one[2]]])
                for one in (state.learnt[item], more.learnt[item] - state.learnt[item])
            )
            settled.append(float(np.trace(np.linalg.solve(learnt, gained))))
        assert int(np.argmax(settled)) == expected
        trial = Trial(seed=1, position=4, abilities={0: ability})
        assert choose_seeded(pool, state, trial=trial, rules=GREEDY) == expected
