"""A tenant whose bank can be calibrated, and what its items are really like."""

from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import numpy as np
import numpy.typing as npt

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions.service.run_calibration import (
    AnswersExported,
    Calibrated,
    run_calibration,
)
from pacnum_api.domains.test_sessions.types import (
    AnchorRule,
    CalibrationModel,
    CalibrationRequest,
    CorrelationForm,
)
from pacnum_api.platform.database import Database
from tests.support.callers import Caller
from tests.support.ended_tests import EndedTest, Truth, simulated_tests, store_tests
from tests.support.simulated_agent import bank_of

EACH = 8
"""Answers of each person to each competence."""
CORRELATION = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.3], [0.3, 0.3, 1.0]])


def persons(count: int, *, seed: int, mean: float = 0.0) -> npt.NDArray[np.float64]:
    """Abilities in the three competences of a house framework, (count, 3)."""
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(np.full(3, mean), CORRELATION, count)


@dataclass(frozen=True)
class House:
    """A tenant with a bank of its own, what its items are really like, and a way to its rows."""

    caller: Caller
    name: str
    bank: ItemBank
    truth: Truth
    owner: asyncpg.Connection

    @property
    def database(self) -> Database:
        found: Database = self.caller.app.state.database
        return found

    async def store(
        self, abilities: npt.NDArray[np.float64], *, seed: int = 7, truth: Truth | None = None
    ) -> list[EndedTest]:
        """Tests of persons of these abilities, answered as the items truly are."""
        tests = simulated_tests(truth or self.truth, abilities, each=EACH, seed=seed)
        await self.store_tests(tests)
        return tests

    async def store_tests(self, tests: list[EndedTest]) -> None:
        bank = await self.newest()
        await store_tests(self.owner, bank, tenant_id=self.caller.tenant_id, tests=tests)

    def request(self, **changes: Any) -> CalibrationRequest:
        usual = CalibrationRequest(
            framework=self.bank.handle.framework,
            tenant=self.name,
            files=(),
            competences=None,
            model=CalibrationModel.AS_BANK,
            anchors=AnchorRule.ALL_CALIBRATED,
            correlation=CorrelationForm.AREAS,
            minimum_answers=100,
            groups=None,
            seed=0,
            export=None,
            out=None,
            is_published=False,
        )
        return replace(usual, **changes)

    async def run(self, **changes: Any) -> AnswersExported | Calibrated:
        return await run_calibration(self.database, self.request(**changes), say=_silent)

    async def calibrate(self, **changes: Any) -> Calibrated:
        done = await self.run(**changes)
        assert isinstance(done, Calibrated)
        return done

    async def newest(self) -> ItemBank:
        """The bank that a session would begin on now."""
        return await bank_of(
            self.database, self.caller.tenant_id, framework=self.bank.handle.framework
        )


def _silent(message: str) -> None:
    assert message
