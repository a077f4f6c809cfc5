import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacnum_api.domains.results.types import CompetenceResult
from pacnum_api.domains.test_sessions.policy import conclude, mean_estimate, step_after
from pacnum_api.domains.test_sessions.types import SessionPurpose
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import starter_bank
from tests.unit.test_sessions.courses import CODES, setup_of, walk

BANK = starter_bank(4)


def test_what_nobody_answered_to_has_no_result() -> None:
    setup = setup_of(2, 0, 1)
    step = step_after(BANK, setup, items=(0, 10), categories=(1, 0))
    found = conclude(step, setup, codes=CODES, reason=StopReason.FINISHED_EARLY)
    assert [one.competence for one in found] == ["1.3", "1.1"]
    assert {one.stop_reason for one in found} == {"finished_early"}
    assert {one.items_answered for one in found} == {1}


def test_without_any_answer_nothing_was_measured() -> None:
    setup = setup_of(0, 1)
    step = step_after(BANK, setup, items=(), categories=())
    assert conclude(step, setup, codes=CODES, reason=StopReason.EXPIRED) == ()


@given(pattern=st.lists(st.integers(0, 1), min_size=30, max_size=30))
def test_a_result_carries_its_uncertainty(pattern: list[int]) -> None:
    setup = setup_of(0, 3)
    course = walk(BANK, setup, lambda position: pattern[position])
    last = course.steps[-1]
    found = conclude(last, setup, codes=CODES, reason=StopReason.FINISHED_EARLY)
    assert [one.competence for one in found] == ["1.1", "2.1"]
    for index, one in zip((0, 3), found, strict=True):
        posterior = last.posterior.competences[index]
        assert (one.theta, one.standard_error) == (posterior.theta, posterior.standard_error)
        assert math.isclose(sum(one.level_probabilities), 1.0, abs_tol=1e-9)
        assert one.level_low <= one.level <= one.level_high
        assert sum(one.level_probabilities[one.level_low : one.level_high + 1]) >= 0.9 - 1e-9
        assert one.level_probabilities[one.level] == max(one.level_probabilities)
        assert one.stop_reason == last.decision.closed[index].value != "finished_early"
        assert one.target_level is None


def test_the_target_that_was_asked_about_stays_with_the_result() -> None:
    setup = setup_of(0, 1, purpose=SessionPurpose.TARGET, targets={0: 5, 1: 2})
    course = walk(BANK, setup, lambda _: 1)
    found = conclude(course.steps[-1], setup, codes=CODES, reason=StopReason.EXPIRED)
    assert [one.target_level for one in found] == [5, 2]


def result(theta: float, standard_error: float) -> CompetenceResult:
    return CompetenceResult(
        competence="1.1",
        theta=theta,
        standard_error=standard_error,
        level=4,
        level_low=3,
        level_high=5,
        level_probabilities=(0.0, 0.0, 0.0, 0.2, 0.6, 0.2, 0.0, 0.0, 0.0),
        items_answered=5,
        stop_reason="precision_reached",
        target_level=None,
    )


def test_the_mean_of_nothing_is_not_zero() -> None:
    assert mean_estimate([]) is None


@given(
    st.lists(
        st.tuples(st.floats(-4, 4), st.floats(0.1, 1.5)).map(lambda pair: result(*pair)),
        min_size=1,
        max_size=21,
    )
)
def test_the_error_of_the_mean_is_that_of_wholly_dependent_errors(
    results: list[CompetenceResult],
) -> None:
    mean = mean_estimate(results)
    assert mean is not None
    count = len(results)
    assert mean.theta == pytest.approx(sum(one.theta for one in results) / count)
    assert mean.standard_error == pytest.approx(sum(one.standard_error for one in results) / count)
    independent = math.sqrt(sum(one.standard_error**2 for one in results)) / count
    assert mean.standard_error >= independent - 1e-12
