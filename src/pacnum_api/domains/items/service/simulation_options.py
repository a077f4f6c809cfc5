"""A simulation as it is asked for on the command line: words and numbers, made into a request."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pacnum_api.domains.items.service.simulate_bank import (
    RuleChanges,
    SimulationRequest,
    competences_named,
)
from pacnum_api.domains.items.service.simulation_banks import (
    SimulatedBank,
    alike,
    read_abilities,
    read_bank_file,
    synthetic_bank,
)
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION, Purpose
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.simulation.peers import Peer
from pacnum_api.psychometrics.simulation.population import (
    AgentPopulation,
    ListedPopulation,
    NormalPopulation,
    SkewedPopulation,
    UniformPopulation,
)

_UNIFORM_REACH = 3.0


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """The options of ``pacnum simulate``, by their names there."""

    bank: Path | None
    synthetic: int | None
    competences: str | None
    agents: int
    population: str
    mean: float
    sd: float
    skewness: float
    correlation: float | None
    assumed_correlation: float | None
    true_parameters: bool
    purpose: str
    target: int | None
    standard_error: float | None
    level_certainty: float | None
    min_items: int | None
    max_items: int | None
    pool_size: int | None
    ceiling: float | None
    algorithm: str | None
    peers: str
    seed: int
    processes: int
    wave: int | None

    def own_bank(self) -> SimulatedBank | None:
        """The bank that the options bring themselves; None when a published one is meant.

        ``ValueError`` for both at once or an invented one that cannot be; raises DocumentsRefused.
        """
        if self.bank is not None and self.synthetic is not None:
            raise ValueError("--bank and --synthetic exclude each other")
        if self.synthetic is not None:
            count = self.competences or "1"
            if not count.isdigit():
                raise ValueError("with --synthetic, --competences is their number")
            return synthetic_bank(self.synthetic, competences=int(count), seed=self.seed)
        return None if self.bank is None else read_bank_file(self.bank)

    def request(self, bank: SimulatedBank) -> SimulationRequest:
        """What to simulate on that bank. ``ValueError`` for what cannot be simulated; raises
        DocumentsRefused for the file of a population.
        """
        codes = None if self.synthetic is not None else _words(self.competences) or None
        competences = competences_named(bank, codes)
        return SimulationRequest(
            agents=self.agents,
            population=self._population(bank, competences),
            competences=competences,
            purpose=_purpose(self.purpose),
            target=self.target,
            changes=RuleChanges(
                standard_error=self.standard_error,
                level_certainty=self.level_certainty,
                minimum_items=self.min_items,
                maximum_items=self.max_items,
                pool_size=self.pool_size,
            ),
            ceiling=self.ceiling,
            assumed_correlation=self.assumed_correlation,
            has_true_parameters=self.true_parameters,
            algorithms=_words(ALGORITHM_VERSION if self.algorithm is None else self.algorithm),
            peers=tuple(_peer(word) for word in _words(self.peers)),
            seed=self.seed,
            processes=self.processes,
            wave=self.wave,
        )

    def _population(self, bank: SimulatedBank, competences: tuple[int, ...]) -> AgentPopulation:
        count = len(bank.competences)
        correlation = (
            bank.correlation
            if self.correlation is None
            else alike(bank.competences, self.correlation)
        )
        if self.population == "normal":
            mean, deviation = np.full(count, self.mean), np.full(count, self.sd)
            return NormalPopulation(mean, deviation, correlation)
        if self.population == "uniform":
            reach = _UNIFORM_REACH * self.sd
            return UniformPopulation(self.mean - reach, self.mean + reach, correlation)
        if self.population == "skewed":
            return SkewedPopulation(self.mean, self.sd, self.skewness, correlation)
        return ListedPopulation(self._listed(bank, competences))

    def _listed(self, bank: SimulatedBank, competences: tuple[int, ...]) -> FloatArray:
        path = Path(self.population)
        if not path.is_file():
            raise ValueError(f"{self.population}: not normal, uniform, skewed, and no file")
        codes = [bank.competences[index] for index in competences]
        given = read_abilities(path, competences=codes)
        abilities = np.zeros((len(given), len(bank.competences)))
        abilities[:, list(competences)] = given
        return abilities


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _purpose(word: str) -> Purpose:
    try:
        return Purpose(word)
    except ValueError:
        raise ValueError(f"{word} is no purpose (known: {', '.join(Purpose)})") from None


def _peer(word: str) -> Peer:
    try:
        return Peer(word)
    except ValueError:
        raise ValueError(f"{word} is no peer (known: {', '.join(Peer)})") from None
