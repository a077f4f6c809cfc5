"""Draws of many sessions at once against those of one: the same bits."""

from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.psychometrics.arithmetic import uniform, uniforms
from pacnum_api.psychometrics.simulation.draws import (
    seed_words,
    uniform_of_each,
    uniforms_of_each,
)

SEEDS = st.lists(st.integers(-(2**63), 2**65), max_size=6)


@given(SEEDS, st.integers(1, 500), st.sampled_from(["item", "competence order", ""]))
def test_one_number_for_each_seed(seeds: list[int], position: int, purpose: str) -> None:
    found = uniform_of_each(seed_words(seeds), position, purpose=purpose)
    assert found.tolist() == [uniform(seed, position, purpose=purpose) for seed in seeds]


@given(SEEDS, st.integers(1, 500), st.integers(0, 30), st.integers(0, 30))
def test_a_number_for_each_seed_and_item(
    seeds: list[int], position: int, first: int, count: int
) -> None:
    stop = first + count
    found = uniforms_of_each(seed_words(seeds), position, first=first, stop=stop)
    assert found.shape == (len(seeds), count)
    for row, seed in zip(found, seeds, strict=True):
        assert row.tolist() == uniforms(seed, position, count=stop)[first:].tolist()
