import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacnum_api.domains.test_sessions.policy import conclude, step_after
from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import starter_bank
from tests.unit.test_sessions.courses import CODES, VERSIONS, ground_of, setup_of, walk

BANK = ground_of(starter_bank(4))
every_version = pytest.mark.parametrize("version", VERSIONS)


@every_version
def test_what_nobody_answered_to_has_no_result(version: str) -> None:
    """Not even where the answers to others say something about it."""
    setup = setup_of(2, 0, 1, version=version)
    step = step_after(BANK, setup, items=(0, 10), categories=(1, 0))
    found = conclude(step, setup, codes=CODES, reason=StopReason.FINISHED_EARLY)
    assert [one.competence for one in found] == ["1.3", "1.1"]
    assert {one.stop_reason for one in found} == {"finished_early"}
    assert {one.items_answered for one in found} == {1}


@every_version
def test_without_any_answer_nothing_was_measured(version: str) -> None:
    setup = setup_of(0, 1, version=version)
    step = step_after(BANK, setup, items=(), categories=())
    assert conclude(step, setup, codes=CODES, reason=StopReason.EXPIRED) == ()


@settings(max_examples=25)
@given(
    version=st.sampled_from(VERSIONS),
    pattern=st.lists(st.integers(0, 1), min_size=40, max_size=40),
)
def test_a_result_carries_its_uncertainty(version: str, pattern: list[int]) -> None:
    setup = setup_of(0, 3, version=version)
    course = walk(BANK, setup, lambda position: pattern[position])
    last = course.steps[-1]
    found = conclude(last, setup, codes=CODES, reason=StopReason.FINISHED_EARLY)
    assert [one.competence for one in found] == ["1.1", "2.1"]
    for index, one in zip((0, 3), found, strict=True):
        posterior = last.posterior.marginal(index)
        assert (one.theta, one.standard_error) == (posterior.theta, posterior.standard_error)
        assert math.isclose(sum(one.level_probabilities), 1.0, abs_tol=1e-9)
        assert one.level_low <= one.level <= one.level_high
        assert sum(one.level_probabilities[one.level_low : one.level_high + 1]) >= 0.9 - 1e-9
        assert one.level_probabilities[one.level] == max(one.level_probabilities)
        assert one.stop_reason == last.decision.closed[index].value != "finished_early"
        assert one.target_level is None


@every_version
def test_the_target_that_was_asked_about_stays_with_the_result(version: str) -> None:
    setup = setup_of(0, 1, purpose=SessionPurpose.TARGET, targets={0: 5, 1: 2}, version=version)
    course = walk(BANK, setup, lambda _: 1)
    found = conclude(course.steps[-1], setup, codes=CODES, reason=StopReason.EXPIRED)
    assert [one.target_level for one in found] == [5, 2]
