"""What a calibration decides, on answers of simulated persons."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pacnum_api.domains.items.types import ItemParameters, ParameterModel, ParameterStatus
from pacnum_api.domains.test_sessions.policy.calibration.answers import (
    AnswerTable,
    CountedAnswer,
    Source,
    Tally,
    tabulate,
)
from pacnum_api.domains.test_sessions.policy.calibration.findings import ItemFinding, Reason, judge
from pacnum_api.domains.test_sessions.policy.calibration.hanging_together import (
    LEAST_WEIGHT,
    HangingTogether,
    hanging_together,
)
from pacnum_api.domains.test_sessions.policy.calibration.order import (
    CalibratedBank,
    CalibrationOrder,
    priors_of,
)
from pacnum_api.domains.test_sessions.policy.calibration.run import calibrate_answers
from pacnum_api.domains.test_sessions.policy.calibration.scales import calibrate_scale
from pacnum_api.domains.test_sessions.types import CalibrationModel, CorrelationForm
from pacnum_api.psychometrics.bank import ItemModel
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.population import Population

EACH = 8
PRESENT = Population(np.where(np.eye(4) > 0.0, 1.0, 0.6))
TRUE = np.array(
    [[1.0, 0.8, 0.4, 0.4], [0.8, 1.0, 0.4, 0.4], [0.4, 0.4, 1.0, 0.6], [0.4, 0.4, 0.6, 1.0]]
)


def parameters(b: float, **changes: Any) -> ItemParameters:
    usual = ItemParameters(
        model=ParameterModel.LOGISTIC,
        a=1.0,
        b=b,
        c=0.0,
        d=1.0,
        steps=(),
        sigma_a=0.25,
        sigma_b=0.5,
        status=ParameterStatus.PROVISIONAL,
    )
    return replace(usual, **changes)


def bank_of(each: int = 12, *, competences: int = 1) -> CalibratedBank:
    places = np.linspace(-1.5, 1.5, each).tolist() * competences
    codes = ("1.1", "1.2", "2.1", "2.2")
    return CalibratedBank(
        keys=tuple(f"item-{index}" for index in range(len(places))),
        levels=(1,) * len(places),
        competence_of=tuple(np.repeat(np.arange(competences), each).tolist()),
        parameters=tuple(parameters(b) for b in places),
        codes=codes,
        areas=("1", "1", "2", "2"),
        population=PRESENT,
    )


def with_item(bank: CalibratedBank, index: int, **changes: Any) -> CalibratedBank:
    changed = list(bank.parameters)
    changed[index] = replace(changed[index], **changes)
    return replace(bank, parameters=tuple(changed))


def source(
    bank: CalibratedBank,
    *,
    persons: int,
    seed: int = 1,
    shift: dict[int, float] | None = None,
    focal_shift: dict[int, float] | None = None,
    slopes: dict[int, float] | None = None,
    asked: tuple[int, ...] | None = None,
) -> Source:
    """Answers of persons to ``EACH`` items of each competence, every other person of group b."""
    rng = np.random.default_rng(seed)
    abilities = rng.multivariate_normal(np.zeros(4), TRUE, persons)
    competence_of = np.array(bank.competence_of)
    answers = []
    for person in range(persons):
        for competence in asked or range(int(competence_of.max()) + 1):
            those = np.flatnonzero(competence_of == competence)
            for item in rng.permutation(those)[:EACH].tolist():
                b = bank.parameters[item].b + (shift or {}).get(item, 0.0)
                b += (focal_shift or {}).get(item, 0.0) * (person % 2)
                a = (slopes or {}).get(item, 1.2)
                chance = 1.0 / (1.0 + np.exp(-a * (abilities[person, competence] - b)))
                answers.append(CountedAnswer(str(person), item, int(rng.random() < chance)))
    groups = {str(person): "ab"[person % 2] for person in range(persons)}
    return Source(answers, groups, Tally(read=len(answers)))


def table_of(bank: CalibratedBank, *sources: Source) -> AnswerTable:
    return tabulate(sources, is_wanted=np.ones(len(bank.keys), dtype=np.bool_))


def found(
    bank: CalibratedBank, table: AnswerTable, *, anchors: frozenset[int] = frozenset()
) -> tuple[ItemFinding, ...]:
    order = CalibrationOrder(anchors=anchors)
    scale = calibrate_scale(bank, table, competence=0, order=order)
    assert scale is not None
    return tuple(judge(bank, scale))


def test_persons_of_two_sources_are_two_persons() -> None:
    one = Source([CountedAnswer("p", 0, 1), CountedAnswer("p", 1, 0)], {"p": "x"}, Tally(read=2))
    other = Source([CountedAnswer("p", 0, 0)], {}, Tally(read=3, late=1, other_wordings=2))
    table = tabulate([one, other], is_wanted=np.array([True, False]))
    assert table.persons == ("p", "p")
    assert table.person.tolist() == [0, 1]
    assert table.category.tolist() == [1, 0]
    assert table.group.tolist() == [0, -1]
    assert table.groups == ("x",)
    assert table.tally == Tally(read=5, late=1, other_wordings=2, other_competences=1)
    assert len(tabulate([], is_wanted=np.array([True]))) == 0


def test_models_keep_what_they_say_of_guessing_and_ceiling() -> None:
    bank = with_item(bank_of(), 0, c=0.2, d=0.95)
    items = [bank.measured(model)[0] for model in CalibrationModel]
    assert [(item.c, item.d) for item in items] == [(0.0, 1.0), (0.2, 1.0), (0.2, 0.95)]
    stepped = with_item(bank, 1, model=ParameterModel.PARTIAL_CREDIT, steps=(-0.5, 0.5))
    assert stepped.measured(CalibrationModel.TWO_PL)[1].model is ItemModel.PARTIAL_CREDIT


def test_only_authors_parameters_are_a_prior() -> None:
    items = bank_of(2).measured(CalibrationModel.AS_BANK)
    priors = priors_of(items, is_authors=np.array([True, False]))
    assert priors.difficulty_sd.tolist() == [0.5, 2.0]
    assert priors.difficulty_mean.tolist() == [-1.5, 0.0]
    assert priors.log_slope_sd.tolist() == [0.25, 0.5]


def test_answers_move_items_and_their_number_decides() -> None:
    bank = bank_of()
    few = found(bank, table_of(bank, source(bank, persons=100)))
    assert {one.reason for one in few} == {Reason.FEW_ANSWERS}
    assert all(one.after == one.before for one in few)
    many = found(bank, table_of(bank, source(bank, persons=700, shift={3: 1.0})))
    assert {one.reason for one in many} == {Reason.CALIBRATED}
    moved = many[3]
    assert moved.after.b == pytest.approx(moved.before.b + 1.0, abs=0.3)
    assert moved.after.status is ParameterStatus.CALIBRATED
    assert moved.after.sigma_b < 0.2


def test_each_thing_that_speaks_against_an_item_is_named() -> None:
    bank = with_item(bank_of(), 0, status=ParameterStatus.RETIRED)
    bank = with_item(bank, 1, status=ParameterStatus.CALIBRATED)
    answers = source(bank, persons=700, focal_shift={5: 1.5}, slopes={7: -0.4})
    findings = found(bank, table_of(bank, answers), anchors=frozenset({1}))
    reasons = [one.reason for one in findings]
    assert reasons[0] is Reason.RETIRED
    assert reasons[1] is Reason.ANCHOR
    assert reasons[5] is Reason.GROUPS_DIFFER
    assert findings[5].dif is DifClass.C
    assert reasons[7] is Reason.WEAK
    assert findings[7].after.a < 0.4
    assert set(reasons[8:]) == {Reason.CALIBRATED}


def test_a_few_answers_leave_doubt() -> None:
    bank = bank_of()
    table = table_of(bank, source(bank, persons=160))
    reasons = {one.reason for one in found(bank, table)}
    assert Reason.UNCERTAIN in reasons


def anchored(count: int) -> tuple[CalibratedBank, frozenset[int]]:
    bank = bank_of()
    for index in range(count):
        bank = with_item(bank, index, status=ParameterStatus.CALIBRATED, a=1.2, sigma_b=0.1)
    return bank, frozenset(range(count))


def test_anchors_hold_the_scale_and_one_that_moved_does_not() -> None:
    bank, anchors = anchored(8)
    answers = source(bank, persons=900, shift={2: 1.6})
    order = CalibrationOrder(anchors=anchors)
    scale = calibrate_scale(bank, table_of(bank, answers), competence=0, order=order)
    assert scale is not None
    assert scale.drifting == {2}
    assert scale.anchors == anchors - {2}
    assert scale.link is not None
    assert scale.link.link.slope == pytest.approx(1.0, abs=0.2)
    finding = list(judge(bank, scale))[2]
    assert finding.reason is Reason.DRIFT
    assert finding.after.status is ParameterStatus.DRIFTING


@pytest.mark.parametrize("shift", [{0: 3.0, 1: -3.0}, {}])
def test_without_three_anchors_that_hold_none_is_let_go(shift: dict[int, float]) -> None:
    count = 4 if shift else 2
    bank, anchors = anchored(count)
    order = CalibrationOrder(anchors=anchors)
    table = table_of(bank, source(bank, persons=700, shift=shift))
    scale = calibrate_scale(bank, table, competence=0, order=order)
    assert scale is not None
    if not shift:
        assert scale.link is None
        assert scale.anchors == anchors


def test_two_items_tell_nothing_of_how_scales_lie() -> None:
    bank = bank_of(2)
    answers = [CountedAnswer(str(person), person % 2, person % 3 % 2) for person in range(300)]
    table = table_of(bank, Source(answers, {}, Tally()))
    scale = calibrate_scale(bank, table, competence=0, order=CalibrationOrder(anchors=frozenset()))
    assert scale is not None
    assert scale.link is None
    assert calibrate_scale(bank, table, competence=3, order=CalibrationOrder(frozenset())) is None


def test_a_group_that_has_not_answered_is_not_compared() -> None:
    bank = bank_of(competences=2)
    one = source(bank, persons=60, asked=(0,))
    only = Source(
        [replace(answer, person=f"x{answer.person}") for answer in source(bank, persons=9).answers],
        {f"x{person}": "c" for person in range(9)},
        Tally(),
    )
    table = table_of(bank, one, only)
    assert table.groups == ("a", "b", "c")
    order = CalibrationOrder(anchors=frozenset())
    scale = calibrate_scale(bank, table, competence=1, order=order)
    assert scale is not None
    assert scale.comparisons == ()


def together(
    bank: CalibratedBank, table: AnswerTable, *, form: CorrelationForm
) -> HangingTogether | None:
    return hanging_together(
        bank,
        bank.measured(CalibrationModel.AS_BANK),
        table=table,
        order=CalibrationOrder(anchors=frozenset(), correlation=form),
        rng=np.random.default_rng(0),
    )


def test_correlations_are_learnt_and_written_in_two_forms() -> None:
    bank = bank_of(competences=4)
    table = table_of(bank, source(bank, persons=400))
    pairs = together(bank, table, form=CorrelationForm.PAIRS)
    areas = together(bank, table, form=CorrelationForm.AREAS)
    assert pairs is not None
    assert areas is not None
    by_area = areas.population.correlation
    assert by_area[0, 1] == by_area[2, 3] == pytest.approx(0.7, abs=0.15)
    assert by_area[0, 2] == by_area[1, 3] == pytest.approx(0.4, abs=0.15)
    assert pairs.population.correlation[0, 2] == pytest.approx(0.4, abs=0.15)
    assert min(areas.population.weights) > 0.9 * LEAST_WEIGHT
    assert areas.population.weights[-1] > 0.5


def test_what_was_not_asked_hangs_together_as_its_kind() -> None:
    bank = bank_of(competences=4)
    table = table_of(bank, source(bank, persons=400, asked=(0, 2)))
    got = together(bank, table, form=CorrelationForm.AREAS)
    assert got is not None
    assert got.competences == (0, 2)
    correlation = got.population.correlation
    assert correlation[0, 1] == correlation[2, 3] == 0.6  # as the bank has it
    assert correlation[1, 3] == correlation[0, 2] == pytest.approx(0.4, abs=0.15)


def test_too_few_persons_leave_the_population_as_it_is() -> None:
    bank = bank_of(competences=4)
    few = table_of(bank, source(bank, persons=40, asked=(0, 2)))
    assert together(bank, few, form=CorrelationForm.AREAS) is None
    one = table_of(bank, source(bank, persons=300, asked=(0,)))
    assert together(bank, one, form=CorrelationForm.AREAS) is None


def test_a_run_says_how_far_it_is_and_what_would_change() -> None:
    bank = with_item(bank_of(competences=2), 0, status=ParameterStatus.SEEDED)
    table = table_of(bank, source(bank, persons=300))
    said: list[str] = []
    report = calibrate_answers(
        bank,
        table,
        order=CalibrationOrder(anchors=frozenset()),
        rng=np.random.default_rng(0),
        say=said.append,
    )
    assert said == ["1.1: 2400 answers", "1.2: 2400 answers", "correlations"]
    assert set(report.changes) == {one.index for one in report.findings if one.is_changed}
    assert report.together is not None
    first = report.information[0]
    assert first.after.max() > first.before.max()
    some = calibrate_answers(
        bank,
        table,
        order=CalibrationOrder(anchors=frozenset(), competences=(1,)),
        rng=np.random.default_rng(0),
        say=said.append,
    )
    assert [one.competence for one in some.scales] == [1]
    assert some.together is None
