"""Simulate tests on a bank: the versions of the algorithm and the peers, on the same agents."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pacnum_api.domains.items.service.simulation_banks import SimulatedBank
from pacnum_api.platform.workers import Workers
from pacnum_api.psychometrics.algorithm import (
    ALGORITHM_VERSION,
    Purpose,
    UnknownAlgorithm,
    algorithm_for,
)
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.exposure import DEFAULT_CEILING
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel, true_parameters
from pacnum_api.psychometrics.simulation.peers import Peer
from pacnum_api.psychometrics.simulation.population import AgentPopulation
from pacnum_api.psychometrics.simulation.records import SimulatedTests, one_after_another
from pacnum_api.psychometrics.simulation.studies import Piece, Study, run_piece
from pacnum_api.psychometrics.simulation.waves import Waves

_SIDE_BY_SIDE, _PLAYED = 500, 20
"""Tests in one piece of work."""

_ONE_IN = 50

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
    errors, instead of the curves that the engine computes with. ``wave``: tests under way at once,
    None for one in fifty.
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
    algorithms: tuple[str, ...] = (ALGORITHM_VERSION,)
    peers: tuple[Peer, ...] = ()
    seed: int = 1
    processes: int = 1
    wave: int | None = None

    def __post_init__(self) -> None:
        """``ValueError`` for what cannot be simulated."""
        if self.agents < 2 or self.at_once < 1 or self.processes < 1:
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

    def item_budget(self, version: str) -> int | None:
        """Items that a whole test of a version may have here, None for no limit: the version's own,
        and never fewer than these rules allow a competence by itself.
        """
        budget = algorithm_for(version).item_budget(self.purpose, len(self.competences))
        if budget is None:
            return None
        return max(budget, self.rules(version).stopping.maximum_items)

    def items_of_each(self, version: str) -> int:
        """Items of a competence that a test of a version must find: all that the rules allow where
        they are not the version's own.
        """
        most = self.rules(version).stopping.maximum_items
        own = algorithm_for(version)
        if most != own.rules_for(self.purpose).stopping.maximum_items:
            return most
        return own.items_of_each(self.purpose, len(self.competences))

    @property
    def at_once(self) -> int:
        """Tests that are under way at the same time, where exposure has a ceiling."""
        return max(1, self.agents // _ONE_IN) if self.wave is None else self.wave

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

    @property
    def is_tested(self) -> BoolArray:
        """Which items of the bank are of one of these competences, (n,)."""
        return np.isin(self.bank.tables.parameters.competence, self.request.competences)


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
            found = list(_tests(workers, name, request=request, progress=progress))
            tests = one_after_another(found)
            seconds = time.perf_counter() - started
            runs.append(EngineRun(name, name not in request.algorithms, tests, seconds))
    return Simulation(bank, request, tuple(runs))


def _study(bank: SimulatedBank, request: SimulationRequest) -> Study:
    if request.target is not None:
        bank.tables.scale.place_of(request.target)
    agents, items = np.random.default_rng(request.seed).spawn(2)
    parameters = bank.tables.parameters
    if request.has_true_parameters:
        parameters = true_parameters(items, parameters)
    abilities = request.population.draw(agents, agents=request.agents)
    return Study(
        tables=bank.tables,
        competences=request.competences,
        answers=AnswerModel(parameters, abilities, request.seed),
        rules={version: request.rules(version) for version in request.algorithms},
        rules_of_peers=request.rules_of_peers,
        prior=bank.population(request.assumed_correlation).prior,
        seed=request.seed,
        target=request.target,
        item_budgets={version: request.item_budget(version) for version in request.algorithms},
    )


def _tests(
    workers: Workers[Study], name: str, *, request: SimulationRequest, progress: Progress
) -> Iterator[SimulatedTests]:
    """Yield the tests of each wave."""
    waves = _waves(workers.state, name, request=request)
    at_once = request.at_once if waves else request.agents
    usual = _SIDE_BY_SIDE if workers.state.is_batch(name) else _PLAYED
    size = min(usual, -(-at_once // workers.processes))
    done = 0
    for first in range(0, request.agents, at_once):
        wave = range(first, min(first + at_once, request.agents))
        admitted = waves.begin(len(wave)) if waves else None
        parts = []
        for part in workers.run(run_piece, _pieces(name, wave, size=size, admitted=admitted)):
            parts.append(part)
            done += len(part)
            progress(name, done)
        tests = one_after_another(parts)
        if waves:
            waves.end(tests)
        yield tests


def _pieces(name: str, agents: range, *, size: int, admitted: Admissions | None) -> Iterator[Piece]:
    for low in range(0, len(agents), size):
        high = min(low + size, len(agents))
        part = None if admitted is None else admitted.part(low, high)
        yield Piece(name, agents.start + low, agents.start + high, part)


def _waves(study: Study, name: str, *, request: SimulationRequest) -> Waves | None:
    """The counters of exposure, where an engine has any."""
    if name not in study.rules:
        return None
    own = DEFAULT_CEILING if algorithm_for(name).controls_exposure else 1.0
    ceiling = own if request.ceiling is None else request.ceiling
    if ceiling == 1.0:
        return None
    return Waves.under(
        ceiling,
        study.tables,
        competences=study.competences,
        need=request.items_of_each(name),
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
