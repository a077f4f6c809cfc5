"""Versions side by side; the bits of known tests.

A change of a known test is a new version of the algorithm: sessions under way would go on otherwise
than they began. That of 1.0.0 was recorded before there was a second version.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from pacnum_api.psychometrics.algorithm import (
    ALGORITHM_VERSION,
    Purpose,
    UnknownAlgorithm,
    algorithm_for,
)
from pacnum_api.psychometrics.estimation import Response
from pacnum_api.psychometrics.population import AbilityState, JointPrior
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.stopping import StopReason
from tests.unit.psychometrics.banks import Course, Setting, mixed_bank, two_areas

BANK = mixed_bank(12, 12, 12)
POPULATION = two_areas(3)
VERSIONS = ("1.0.0", "2.0.0", "2.1.0")


@dataclass(frozen=True)
class Known:
    """What a test is known to be: items in order, reason of the end, and of each competence theta
    and standard error as hexadecimal floats.
    """

    items: tuple[int, ...]
    reason: StopReason
    thetas: tuple[str, ...]
    errors: tuple[str, ...]


# fmt: off
VERSION_1 = {
    Purpose.POSITIONING: Known(
        items=(
            35, 9, 16, 32, 1, 13, 31, 11, 20, 15, 19, 18, 22, 12, 26, 7, 24, 5, 28, 4, 30, 27, 3,
            6,
        ),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.e346893356b21p-3", "0x1.c46c46bbb1a1cp-2", "-0x1.5cb7c4468d279p+0"),
        errors=("0x1.cb48a7cfc3c44p-2", "0x1.31e1909a4b50ap-1", "0x1.04a008751b4a4p-1"),
    ),
    Purpose.TARGET: Known(
        items=(
            32, 9, 13, 35, 4, 16, 31, 15, 26, 5, 1, 11, 6, 7, 8, 2, 3, 20, 28, 24, 30, 27, 29, 25,
        ),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.9b6e5ef85f9bep-3", "0x1.0a6bd3c13b839p-1", "-0x1.2f0097486fb88p+0"),
        errors=("0x1.bc85d9b482009p-2", "0x1.5c45a95b9c835p-1", "0x1.053ddfbddd919p-1"),
    ),
    Purpose.CERTIFICATION: Known(
        items=(
            35, 9, 16, 32, 1, 13, 31, 11, 20, 26, 6, 15, 28, 5, 18, 17, 22, 19, 12, 14, 23, 21, 30,
            24, 25, 34, 27, 4, 29, 33, 8, 7, 3, 2, 10, 0,
        ),
        reason=StopReason.NO_ITEM_LEFT,
        thetas=("0x1.36985ccd981b3p-3", "0x1.36be4471ae35fp-2", "-0x1.42b56ee00cc4dp+0"),
        errors=("0x1.b7afc8003f91bp-2", "0x1.20f692b5f9b5dp-1", "0x1.f647be640d65fp-2"),
    ),
}
VERSION_2 = {
    Purpose.POSITIONING: Known(
        items=(
            4, 35, 16, 32, 1, 18, 20, 31, 5, 13, 15, 9, 22, 11, 6, 30, 26, 19, 28, 12, 24, 8,
            23, 17, 7, 14, 3, 25, 29, 34, 2, 27, 10, 21,
        ),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.f3438fa6dd6fap-4", "0x1.7e8b2aeb3134fp-3", "-0x1.1713daa1c9e73p+0"),
        errors=("0x1.b373c8dee86b5p-2", "0x1.189358499e4e2p-1", "0x1.fa297c9d23b0dp-2"),
    ),
    Purpose.TARGET: Known(
        items=(
            6, 9, 20, 32, 31, 35, 26, 16, 15, 13, 30, 24, 28, 5, 1, 7, 11, 4, 18, 22, 12, 3, 34,
            8, 17, 2, 14, 23, 29, 25, 27, 19, 10, 33, 0,
        ),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.98055d57d8afcp-5", "0x1.6e5fda0cdb2f6p-3", "-0x1.1f2ce3a5f1ec9p+0"),
        errors=("0x1.b116eb4c43780p-2", "0x1.19a7d9172a2c7p-1", "0x1.f2a5568bd1b93p-2"),
    ),
    Purpose.CERTIFICATION: Known(
        items=(
            4, 35, 16, 32, 1, 18, 20, 31, 5, 13, 15, 9, 22, 11, 6, 30, 26, 19, 28, 12, 24, 8,
            23, 17, 7, 14, 3, 25, 29, 34, 2, 27, 10, 21, 0, 33,
        ),
        reason=StopReason.NO_ITEM_LEFT,
        thetas=("0x1.95d331c49d29cp-5", "0x1.67483ee7555ecp-3", "-0x1.1f36380b32215p+0"),
        errors=("0x1.b1165de0affecp-2", "0x1.18d819cf46487p-1", "0x1.f29658ec98b20p-2"),
    ),
}
VERSION_2_1 = {
    Purpose.POSITIONING: Known(
        items=(4, 35, 16, 32, 1, 18, 20, 31, 5, 13, 15, 9),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.d8209c85998efp-3", "0x1.0a4983e273302p-4", "-0x1.26a8ada8850ddp+0"),
        errors=("0x1.0cc92aafb863dp-1", "0x1.465224678af5cp-1", "0x1.2a3cc1a46ccc5p-1"),
    ),
    Purpose.TARGET: Known(
        items=(6, 9, 20, 32, 31, 35, 26, 16, 15, 13, 30, 24),
        reason=StopReason.ITEM_BUDGET,
        thetas=("0x1.1965ac6e06e4ep+0", "0x1.f8c8215db12a0p-2", "-0x1.e86de27828736p-1"),
        errors=("0x1.37a2c38bfa4f1p-1", "0x1.514c6e20b427bp-1", "0x1.2a1e0f27838bbp-1"),
    ),
    Purpose.CERTIFICATION: VERSION_2[Purpose.CERTIFICATION],  # no budget
}
LATER = Known(
    items=(
        4, 32, 20, 16, 5, 31, 35, 13, 9, 15, 18, 11, 1, 22, 19, 12, 6, 26, 28, 24, 17, 30, 14,
        8, 7, 3, 23, 2, 29, 25, 34, 27, 10, 21, 0,
    ),
    reason=StopReason.NO_ITEM_LEFT,
    thetas=("0x1.fa5c50d8d46a6p-4", "0x1.1139c2c397ffap-2", "-0x1.4db3f1fe2566fp+0"),
    errors=("0x1.82080c08b1984p-2", "0x1.ee743eb9fe415p-2", "0x1.b80cb480678d8p-2"),
)
# fmt: on


def answer(item: int) -> int:
    return item * 5 % 7 % int(BANK.parameters.categories[item])


def course_of(version: str, purpose: Purpose, *, prior: JointPrior = POPULATION.prior) -> Course:
    targets = {0: 5, 1: 4, 2: 3} if purpose is Purpose.TARGET else {}
    algorithm = algorithm_for(version)
    plan = SessionPlan(
        competences=(2, 0, 1),
        seed=20_260_101,
        targets=targets,
        item_budget=algorithm.item_budget(purpose, 3),
    )
    by = algorithm.rules_for(purpose)
    return Setting(BANK, prior, by, version=version).course(plan, answer)


def known(course: Course) -> Known:
    marginals = [course.last.posterior.marginal(competence) for competence in range(3)]
    reason = course.last.decision.reason
    assert reason is not None
    return Known(
        items=course.items,
        reason=reason,
        thetas=tuple(one.theta.hex() for one in marginals),
        errors=tuple(one.standard_error.hex() for one in marginals),
    )


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    ("version", "log"),
    [("1.0.0", VERSION_1), ("2.0.0", VERSION_2), ("2.1.0", VERSION_2_1)],
)
def test_a_known_test_has_its_known_bits(
    version: str, log: dict[Purpose, Known], purpose: Purpose
) -> None:
    assert known(course_of(version, purpose)) == log[purpose]


def test_a_known_later_test_has_its_known_bits() -> None:
    """One that begins with what an earlier test left, half a year before."""
    state = course_of("2.0.0", Purpose.POSITIONING).last.ability_state()
    assert state is not None
    kept = AbilityState.from_bytes(state.to_bytes())
    prior = POPULATION.prior_after(kept, elapsed_years=0.5)
    assert known(course_of("2.0.0", Purpose.CERTIFICATION, prior=prior)) == LATER


def test_new_sessions_begin_with_the_latest_version() -> None:
    assert ALGORITHM_VERSION == "2.1.0"
    for version in VERSIONS:
        assert algorithm_for(version).version == version


def test_versions_not_kept_are_refused() -> None:
    with pytest.raises(UnknownAlgorithm, match=r"0\.0\.1"):
        algorithm_for("0.0.1")


def test_what_a_version_takes_part_in() -> None:
    first, *later = map(algorithm_for, VERSIONS)
    assert (first.controls_exposure, first.uses_history) == (False, False)
    for one in later:
        assert (one.controls_exposure, one.uses_history) == (True, True)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("competences", [1, 2, 3, 4, 21])
def test_no_whole_test_had_a_budget_before_2_1_0(purpose: Purpose, competences: int) -> None:
    found = [algorithm_for(version).item_budget(purpose, competences) for version in VERSIONS]
    short = {1: 12, 2: 12, 3: 12, 4: 16, 21: 84}[competences]
    assert found == [None, None, None if purpose is Purpose.CERTIFICATION else short]


@pytest.mark.parametrize("purpose", [Purpose.POSITIONING, Purpose.TARGET])
def test_a_budget_leaves_room_for_minima_and_one_competence(purpose: Purpose) -> None:
    latest = algorithm_for(ALGORITHM_VERSION)
    stopping = latest.rules_for(purpose).stopping
    for competences in range(1, 60):
        budget = latest.item_budget(purpose, competences)
        assert budget is not None
        assert budget >= max(stopping.maximum_items, competences * stopping.minimum_items)


@pytest.mark.parametrize(
    ("competences", "found"), [(1, 12), (2, 9), (3, 6), (4, 6), (5, 6), (21, 6)]
)
def test_a_budget_lowers_what_a_test_must_find_of_each(competences: int, found: int) -> None:
    latest = algorithm_for("2.1.0")
    assert latest.items_of_each(Purpose.POSITIONING, competences) == found
    assert latest.items_of_each(Purpose.CERTIFICATION, competences) == 20
    assert algorithm_for("2.0.0").items_of_each(Purpose.POSITIONING, competences) == 12


def test_but_for_its_budget_the_third_version_is_the_second() -> None:
    second, third = algorithm_for("2.0.0"), algorithm_for("2.1.0")
    assert third.measure is second.measure
    assert third.rules == second.rules
    for purpose in Purpose:
        longer, shorter = (known(course_of(one, purpose)).items for one in ("2.0.0", "2.1.0"))
        assert longer[: len(shorter)] == shorter


@pytest.mark.parametrize("version", VERSIONS)
def test_every_purpose_has_rules_and_certification_the_strictest(version: str) -> None:
    found = {purpose: algorithm_for(version).rules_for(purpose).stopping for purpose in Purpose}
    certification = found[Purpose.CERTIFICATION]
    for other in (found[Purpose.POSITIONING], found[Purpose.TARGET]):
        assert certification.standard_error < other.standard_error
        assert certification.target_probability > other.target_probability
        assert certification.minimum_items > other.minimum_items
        assert certification.least_variance_fall < other.least_variance_fall
        assert certification.least_risk_fall < other.least_risk_fall


def test_the_rules_of_the_first_version_are_what_they_were() -> None:
    for purpose, least, most in zip(Purpose, (3, 2, 5), (8, 10, 20), strict=True):
        by = algorithm_for("1.0.0").rules_for(purpose)
        assert (by.stopping.minimum_items, by.stopping.maximum_items) == (least, most)
        assert (by.selection.pool_size, by.selection.sharpness) == (5, 8)
        assert by.selection.progressive_items == 0


def test_the_first_version_passes_nothing_on_and_takes_no_prior() -> None:
    alone = course_of("1.0.0", Purpose.POSITIONING)
    assert alone.last.ability_state() is None
    shifted = POPULATION.prior_after(
        AbilityState(
            weights=POPULATION.prior.weights,
            strengths=POPULATION.prior.strengths,
            mean=np.ones((4, 3)),
            covariance=POPULATION.correlations(POPULATION.prior.strengths),
        ),
        elapsed_years=0.0,
    )
    assert known(course_of("1.0.0", Purpose.POSITIONING, prior=shifted)) == known(alone)


def test_in_the_first_version_a_mean_has_the_largest_error_there_can_be() -> None:
    posterior = course_of("1.0.0", Purpose.POSITIONING).last.posterior
    estimates = [posterior.marginal(competence) for competence in (0, 2)]
    mean = posterior.mean_of([0, 2])
    assert mean is not None
    assert mean.theta == pytest.approx(sum(one.theta for one in estimates) / 2.0)
    assert mean.standard_error == pytest.approx(sum(one.standard_error for one in estimates) / 2.0)
    assert posterior.mean_of([]) is None


@pytest.mark.parametrize("asked", [(1,), (2, 0)])
def test_the_second_version_passes_on_all_abilities(asked: tuple[int, ...]) -> None:
    by = algorithm_for("2.0.0").rules_for(Purpose.POSITIONING)
    where = Setting(BANK, POPULATION.prior, by)
    last = where.course(SessionPlan(competences=asked, seed=3), answer).last
    state = last.ability_state()
    assert state is not None
    mean = state.weights @ state.mean
    for competence in asked:
        theta = last.posterior.marginal(competence).theta
        assert mean[competence] == pytest.approx(theta, abs=5e-3)
    for competence in {0, 1, 2} - set(asked):
        assert 0.0 < state.covariance[-1, competence, competence] < 1.0


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_that_cannot_be_are_refused(version: str) -> None:
    by = algorithm_for(version).rules_for(Purpose.POSITIONING)
    where = Setting(BANK, POPULATION.prior, by, version=version)
    with pytest.raises(ValueError, match="categor"):
        where.measured(SessionPlan(competences=(0, 1), seed=1), [Response(0, 9)])
