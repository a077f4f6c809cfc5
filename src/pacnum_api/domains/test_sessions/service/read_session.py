"""Look at a session. Reading is safe: it never moves the test."""

import asyncio
from uuid import UUID

from pacnum_api.domains.items.service import get_bank
from pacnum_api.domains.items.types import RenderedFile
from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.errors import FileNotPending
from pacnum_api.domains.test_sessions.schemas import TestSessionRead
from pacnum_api.domains.test_sessions.service.basis import load_basis
from pacnum_api.domains.test_sessions.service.session_view import session_read
from pacnum_api.domains.test_sessions.types import SessionState
from pacnum_api.platform.uow import UnitOfWork


async def read_session(uow: UnitOfWork, session_id: UUID) -> TestSessionRead:
    """The session with its pending item. Raises TestSessionNotFound."""
    session = await repository.get_session(await uow.driver(), uow.tenant_id, session_id=session_id)
    basis = await load_basis(uow, session)
    return session_read(session, basis, now=uow.now)


async def read_file(uow: UnitOfWork, session_id: UUID, *, position: int, name: str) -> RenderedFile:
    """A file of the pending item, made anew from the session's seed: nothing is stored.

    Raises TestSessionNotFound, FileNotPending, ItemFileNotFound.
    """
    session = await repository.get_session(await uow.driver(), uow.tenant_id, session_id=session_id)
    is_open = session.state_at(uow.now) is SessionState.IN_PROGRESS
    if not is_open or session.pending_position != position:
        raise FileNotPending
    bank = await get_bank(uow, session.setup.bank_id)
    setup = session.setup
    # packing a spreadsheet or a PDF takes tens of milliseconds: not on the event loop
    return await asyncio.to_thread(
        bank.file, session.items[position - 1], seed=setup.seed, locale=setup.locale, name=name
    )
