"""One simulation cut into pieces that any process can do.

A study says who is tested on what, by which engines; a piece is some of the agents by one of them.
What a piece gives depends on nothing but the study and the piece.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from pacnum_api.psychometrics.algorithm import algorithm_for
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.rules import Rules
from pacnum_api.psychometrics.session import SessionPlan
from pacnum_api.psychometrics.simulation.admissions import Admissions
from pacnum_api.psychometrics.simulation.answers import AnswerModel
from pacnum_api.psychometrics.simulation.batch import VERSIONS, Cohort, Course, run
from pacnum_api.psychometrics.simulation.peers import Peer, run_peer
from pacnum_api.psychometrics.simulation.records import SimulatedTests, side_by_side
from pacnum_api.psychometrics.simulation.sessions import Engine, collect, play
from pacnum_api.psychometrics.tables import BankTables

_SEEDS_APART = 1_000_003
_NO_BUDGETS: Mapping[str, int | None] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Study:
    """Tests of ``competences`` that agents take who answer as ``answers`` says.

    ``rules``: those of each version of the algorithm; ``rules_of_peers``; ``prior``: of all
    abilities of the framework; ``target``: level to decide upon in each competence, which peers do
    not know of; ``seed``: of the sessions; ``item_budgets``: items that a whole test of a version
    may have, None or left out for no limit.
    """

    tables: BankTables
    competences: tuple[int, ...]
    answers: AnswerModel
    rules: Mapping[str, Rules]
    rules_of_peers: Rules
    prior: JointPrior
    seed: int
    target: int | None = None
    item_budgets: Mapping[str, int | None] = field(default_factory=lambda: _NO_BUDGETS)

    def engine(self, version: str) -> Engine:
        """The version at work; ``UnknownAlgorithm`` if it is not kept."""
        return Engine(algorithm_for(version), self.rules[version], self.prior)

    def is_batch(self, name: str) -> bool:
        """Whether the tests of an engine run side by side, not one at a time."""
        return name not in self.rules or (len(self.competences) == 1 and name in VERSIONS)

    def seed_of(self, agent: int) -> int:
        """The seed of an agent's session."""
        return self.seed * _SEEDS_APART + agent


@dataclass(frozen=True, eq=False)
class Piece:
    """Agents ``first`` to ``stop - 1`` by one engine: a version, or the name of a peer."""

    engine: str
    first: int
    stop: int
    admitted: Admissions | None = None


def run_piece(study: Study, piece: Piece) -> SimulatedTests:
    """Return the tests of a piece, in the order of the agents."""
    if piece.engine not in study.rules:
        return _by_peer(study, piece)
    if study.is_batch(piece.engine):
        return _at_once(study, piece)
    return _played(study, piece)


def _cohort(study: Study, piece: Piece) -> Cohort:
    agents = range(piece.first, piece.stop)
    seeds = tuple(study.seed_of(agent) for agent in agents)
    return Cohort(np.array(agents), seeds, study.answers, piece.admitted)


def _by_peer(study: Study, piece: Piece) -> SimulatedTests:
    cohort = _cohort(study, piece)
    return side_by_side(
        [
            run_peer(
                Peer(piece.engine),
                study.tables,
                competence=competence,
                rules=study.rules_of_peers,
                cohort=cohort,
            )
            for competence in study.competences
        ]
    )


def _at_once(study: Study, piece: Piece) -> SimulatedTests:
    course = Course.of_engine(
        study.tables, study.competences[0], engine=study.engine(piece.engine), target=study.target
    )
    return run(course, _cohort(study, piece))


def _played(study: Study, piece: Piece) -> SimulatedTests:
    engine, ended = study.engine(piece.engine), []
    budget = study.item_budgets.get(piece.engine)
    targets = {} if study.target is None else dict.fromkeys(study.competences, study.target)
    for row, agent in enumerate(range(piece.first, piece.stop)):
        plan = SessionPlan(
            study.competences, study.seed_of(agent), targets=targets, item_budget=budget
        )
        if piece.admitted is not None:
            plan = _admitted(plan, piece.admitted, row=row)

        def answer(item: int, agent: int = agent) -> int:
            return study.answers.category(agent, item)

        ended.append(play(study.tables, plan, engine=engine, answer=answer))
    truth = study.answers.abilities[piece.first : piece.stop][:, list(study.competences)]
    return collect(ended, truth, competences=study.competences)


def _admitted(plan: SessionPlan, admitted: Admissions, *, row: int) -> SessionPlan:
    return replace(
        plan,
        eligible=admitted.eligible(row),
        availability=admitted.factor(row),
        featured=admitted.featured_item(row),
    )
