"""Simulate tests on a bank: the versions of the algorithm and the peers, on the same agents."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pacnum_api.domains.items.service.simulation_banks import SimulatedBank
from pacnum_api.platform.workers import Workers
from pacnum_api.psychometrics.algorithm import Purpose, UnknownAlgorithm, algorithm_for
from pacnum_api.psychometrics.exposure import DEFAULT_CEILING
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel, true_parameters
from pacnum_api.psychometrics.simulation.batch import VERSIONS, Cohort, Course, run
from pacnum_api.psychometrics.simulation.peers import Peer, run_peer
from pacnum_api.psychometrics.simulation.population import AgentPopulation
from pacnum_api.psychometrics.simulation.records import (
    SimulatedTests,
    one_after_another,
    side_by_side,
)
from pacnum_api.psychometrics.simulation.sessions import Engine, collect, play
from pacnum_api.psychometrics.simulation.waves import Waves

_SIDE_BY_SIDE, _PLAYED = 125, 20
"""Tests in one piece of work."""

_SEEDS_APART = 1_000_003

Progress = Callable[[str, int], None]
"""Told the engine, and how many of its tests are done."""


def no_progress(engine: str, done: int) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """Numbers that take the place of the algorithm's own; None leaves them."""

    standard_error: float | None = None
    level_certainty: float | None = None
    minimum_items: int | None = None
    maximum_items: int | None = None
    pool_size: int | None = None

    def applied(self, rules: Rules) -> Rules:
        """The rules with these numbers in them. ``ValueError`` for numbers that make no sense."""
        stopping = {
            name: value
            for name in ("standard_error", "level_certainty", "minimum_items", "maximum_items")
            if (value := getattr(self, name)) is not None
        }
        changed = replace(rules, stopping=replace(rules.stopping, **stopping))
        if self.pool_size is not None:
            changed = replace(changed, selection=replace(rules.selection, pool_size=self.pool_size))
        least, most = changed.stopping.minimum_items, changed.stopping.maximum_items
        if not 0 <= least <= most or most < 1 or changed.selection.pool_size < 1:
            raise ValueError("expected 0 <= minimum <= maximum items, and at least 1 to draw from")
        return changed


@dataclass(frozen=True, eq=False)
class SimulationRequest:
    """What to simulate.

    ``agents`` drawn from ``population`` (all competences of the bank) take tests of ``competences``
    (indices), each engine the same agents. ``target``: level to be decided upon, for that purpose.
    ``ceiling``: greatest share of tests that may see an item; None for each version's own way, 1
    for no ceiling. ``assumed_correlation``: what the engine believes; None: the bank's.
    ``has_true_parameters``: answers come from parameters drawn around the bank's by their standard
    errors, instead of the curves that the engine computes with. ``wave``: tests under way at once.
    """

    agents: int
    population: AgentPopulation
    competences: tuple[int, ...]
    purpose: Purpose = Purpose.POSITIONING
    target: int | None = None
    changes: RuleChanges = field(default_factory=RuleChanges)
    ceiling: float | None = None
    assumed_correlation: float | None = None
    has_true_parameters: bool = False
    algorithms: tuple[str, ...] = ("2.0.0",)
    peers: tuple[Peer, ...] = ()
    seed: int = 1
    processes: int = 1
    wave: int = 100

    def __post_init__(self) -> None:
        """``ValueError`` for what cannot be simulated."""
        if self.agents < 2 or self.wave < 1 or self.processes < 1:
            raise ValueError("expected at least two agents, one process and one test at once")
        if (self.purpose is Purpose.TARGET) != (self.target is not None):
            raise ValueError("a target level goes with the purpose target, and only with it")
        if not self.competences or not (self.algorithms or self.peers):
            raise ValueError("expected a competence, and an algorithm or a peer")
        for version in self.algorithms:
            self.rules(version)
        if len(set(self.algorithms)) < len(self.algorithms):
            raise ValueError("each algorithm once")

    def rules(self, version: str) -> Rules:
        """The rules that a version works by here. ``ValueError`` for a version that is not kept."""
        try:
            usual = algorithm_for(version).rules_for(self.purpose)
        except UnknownAlgorithm:
            raise ValueError(f"no algorithm {version} is kept") from None
        return self.changes.applied(usual)

    @property
    def rules_of_peers(self) -> Rules:
        """Peers stop as the first version does, or as version 1.0.0 where there is none."""
        return self.rules(self.algorithms[0] if self.algorithms else "1.0.0")


@dataclass(frozen=True, eq=False)
class EngineRun:
    """The tests of one engine, and the time that they took on the clock."""

    name: str
    is_peer: bool
    tests: SimulatedTests
    seconds: float


@dataclass(frozen=True, eq=False)
class Simulation:
    """Everything that was simulated; ``runs`` in the order asked for, versions first."""

    bank: SimulatedBank
    request: SimulationRequest
    runs: tuple[EngineRun, ...]

    @property
    def competences(self) -> tuple[str, ...]:
        """Codes of the competences tested, in the order of the records."""
        return tuple(self.bank.competences[index] for index in self.request.competences)


@dataclass(frozen=True, eq=False)
class _Study:
    """What every process has to know."""

    bank: SimulatedBank
    request: SimulationRequest
    answers: AnswerModel
    prior: JointPrior

    def engine(self, version: str) -> Engine:
        return Engine(algorithm_for(version), self.request.rules(version), self.prior)

    def is_batch(self, version: str) -> bool:
        return len(self.request.competences) == 1 and version in VERSIONS

    def seed_of(self, agent: int) -> int:
        return self.request.seed * _SEEDS_APART + agent


@dataclass(frozen=True, eq=False)
class _Piece:
    """Agents ``first`` to ``stop - 1``, by one engine."""

    engine: str
    first: int
    stop: int
    admitted: Admissions | None = None


def simulate_bank(
    bank: SimulatedBank, request: SimulationRequest, *, progress: Progress = no_progress
) -> Simulation:
    """Run every engine on the same agents with the same luck. Blocks; uses ``processes``.

    The result does not depend on the number of processes. ``ValueError`` for a correlation, a level
    or a ceiling that there cannot be.
    """
    study = _study(bank, request)
    runs = []
    with Workers(study, processes=request.processes) as workers:
        for name in (*request.algorithms, *(peer.value for peer in request.peers)):
            started = time.perf_counter()
            tests = one_after_another(list(_tests(workers, name, progress=progress)))
            seconds = time.perf_counter() - started
            runs.append(EngineRun(name, name not in request.algorithms, tests, seconds))
    return Simulation(bank, request, tuple(runs))


def _study(bank: SimulatedBank, request: SimulationRequest) -> _Study:
    if request.target is not None:
        bank.tables.scale.place_of(request.target)
    agents, items = np.random.default_rng(request.seed).spawn(2)
    parameters = bank.tables.parameters
    if request.has_true_parameters:
        parameters = true_parameters(items, parameters)
    abilities = request.population.draw(agents, agents=request.agents)
    return _Study(
        bank=bank,
        request=request,
        answers=AnswerModel(parameters, abilities, request.seed),
        prior=bank.population(request.assumed_correlation).prior,
    )


def _tests(workers: Workers[_Study], name: str, *, progress: Progress) -> Iterator[SimulatedTests]:
    study = workers.state
    total, waves = study.request.agents, _waves(study, name)
    size = _PLAYED
    if name not in study.request.algorithms or study.is_batch(name):
        size = _SIDE_BY_SIDE
    done = 0
    at_once = study.request.wave if waves else total
    size = min(size, -(-at_once // workers.processes))
    for first in range(0, total, at_once):
        stop = min(first + at_once, total)
        admitted = waves.begin(stop - first) if waves else None
        parts = []
        for part in workers.run(_run, _pieces(name, (first, stop), size=size, admitted=admitted)):
            parts.append(part)
            done += len(part)
            progress(name, done)
        tests = one_after_another(parts)
        if waves:
            waves.end(tests)
        yield tests


def _pieces(
    name: str, agents: tuple[int, int], *, size: int, admitted: Admissions | None
) -> list[_Piece]:
    first, stop = agents
    pieces = []
    for low in range(first, stop, size):
        high = min(low + size, stop)
        part = None if admitted is None else admitted.part(low - first, high - first)
        pieces.append(_Piece(name, low, high, part))
    return pieces


def _waves(study: _Study, name: str) -> Waves | None:
    """The counters of exposure, where an engine has any."""
    request = study.request
    if name not in request.algorithms:
        return None
    own = DEFAULT_CEILING if algorithm_for(name).controls_exposure else 1.0
    ceiling = own if request.ceiling is None else request.ceiling
    if ceiling == 1.0:
        return None
    return Waves.under(
        ceiling,
        study.bank.tables,
        competences=request.competences,
        need=request.rules(name).stopping.maximum_items,
    )


def _run(study: _Study, piece: _Piece) -> SimulatedTests:
    if piece.engine not in study.request.algorithms:
        return _peer(study, piece)
    if study.is_batch(piece.engine):
        return _batch(study, piece)
    return _played(study, piece)


def _cohort(study: _Study, piece: _Piece) -> Cohort:
    agents = range(piece.first, piece.stop)
    seeds = tuple(study.seed_of(agent) for agent in agents)
    return Cohort(np.array(agents), seeds, study.answers, piece.admitted)


def _peer(study: _Study, piece: _Piece) -> SimulatedTests:
    request, cohort = study.request, _cohort(study, piece)
    return side_by_side(
        [
            run_peer(
                Peer(piece.engine),
                study.bank.tables,
                competence=competence,
                rules=request.rules_of_peers,
                cohort=cohort,
            )
            for competence in request.competences
        ]
    )


def _batch(study: _Study, piece: _Piece) -> SimulatedTests:
    request = study.request
    course = Course.of_engine(
        study.bank.tables,
        request.competences[0],
        engine=study.engine(piece.engine),
        target=request.target,
    )
    return run(course, _cohort(study, piece))


def _played(study: _Study, piece: _Piece) -> SimulatedTests:
    request, tables, engine = study.request, study.bank.tables, study.engine(piece.engine)
    ended = []
    for row, agent in enumerate(range(piece.first, piece.stop)):
        plan = SessionPlan(
            competences=request.competences,
            seed=study.seed_of(agent),
            targets={} if request.target is None else dict.fromkeys(
                request.competences, request.target
            ),
        )  # fmt: skip
        if piece.admitted is not None:
            plan = _admitted(plan, piece.admitted, row=row)

        def answer(item: int, agent: int = agent) -> int:
            return study.answers.category(agent, item)

        ended.append(play(tables, plan, engine=engine, answer=answer))
    truth = study.answers.abilities[piece.first : piece.stop][:, list(request.competences)]
    return collect(ended, truth, competences=request.competences)


def _admitted(plan: SessionPlan, admitted: Admissions, *, row: int) -> SessionPlan:
    return replace(
        plan,
        eligible=admitted.eligible(row),
        availability=admitted.factor(row),
        featured=admitted.featured_item(row),
    )


def competences_named(bank: SimulatedBank, codes: Sequence[str] | None) -> tuple[int, ...]:
    """The indices of competences, in the order of the bank; None for all.

    ``ValueError`` for a code that the bank has not.
    """
    unknown = [code for code in codes or () if code not in bank.competences]
    if unknown:
        raise ValueError(f"the bank has no competence {', '.join(unknown)}")
    return tuple(
        index for index, code in enumerate(bank.competences) if codes is None or code in codes
    )
