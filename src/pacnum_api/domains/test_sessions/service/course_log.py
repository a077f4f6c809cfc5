"""A session computed again from its row: the step after 0, 1, 2, … answers.

Nothing about a decision is stored, because nothing else is needed to make it again. A long test of
many competences takes some hundred milliseconds, so this never runs on the event loop.
"""

import asyncio
from collections.abc import Sequence

from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.types import StoredSession
from pacnum_api.psychometrics.algorithm import Measurement


async def steps_of(session: StoredSession, basis: Basis) -> Sequence[Measurement]:
    """Every step, each prefix of the answers computed once.

    ``ValueError`` or ``IndexError`` for a row that no test can have left behind.
    """
    return await asyncio.to_thread(_steps, session, basis)


def _steps(session: StoredSession, basis: Basis) -> list[Measurement]:
    return [basis.step(session, answered=count) for count in range(session.answered + 1)]
