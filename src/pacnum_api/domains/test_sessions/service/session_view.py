"""From what is kept to what goes over the wire.

A session stands on its bank version, which is immutable, held in memory, and pins the framework.
"""

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.test_sessions import policy
from pacnum_api.domains.test_sessions.schemas import TestSessionRead, VersionsRead
from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.types import StoredSession
from pacnum_api.platform.schemas import rfc3339
from pacnum_api.psychometrics.algorithm import Measurement


def versions_of(session: StoredSession, bank: ItemBank) -> VersionsRead:
    """Everything that a result depends on besides the answers."""
    return VersionsRead(
        framework=session.setup.framework,
        framework_version=session.setup.framework_version,
        algorithm=session.setup.algorithm_version,
        item_bank=session.setup.bank_id,
        item_bank_version=bank.handle.version,
    )


def pending_item(
    session: StoredSession, bank: ItemBank, *, position: int, issued_at: datetime
) -> dict[str, object]:
    """The item put at a position, as the agent sees it: a ``PendingItemRead`` as JSON has it."""
    setup = session.setup
    index = session.items[position - 1]
    item = bank.items[index]
    content = bank.present(index, seed=setup.seed, locale=setup.locale).content
    return {
        "position": position,
        "item_id": str(bank.item_ids[index]),
        "type": item.type.value,
        "competence": item.competence,
        "issued_at": rfc3339(issued_at),
        "time_limit_seconds": policy.time_limit_seconds(
            setup.purpose, item.expected_seconds, accommodations=setup.accommodations
        ),
        "content": {
            **content,
            "files": [
                {**file, "href": _href(session.id, position, name=file["name"])}
                for file in content["files"]
            ],
        },
    }


def _href(session_id: UUID, position: int, *, name: str) -> str:
    return f"/v1/test-sessions/{session_id}/files/{position}/{quote(name)}"


def progress_document(step: Measurement, bank: ItemBank) -> dict[str, object]:
    """How far the test had come at a step: a ``ProgressRead`` as JSON has it."""
    progress = policy.progress_of(bank.tables, step, codes=bank.competences)
    return {
        "answered": progress.answered,
        "at_most": progress.at_most,
        "fraction": progress.fraction,
        "competences": [
            {"competence": one.competence, "answered": one.answered, "is_closed": one.is_closed}
            for one in progress.competences
        ],
    }


def session_read(session: StoredSession, basis: Basis, *, now: datetime) -> TestSessionRead:
    """A session as it stands at an instant."""
    session = session.at(now)
    return TestSessionRead.model_validate(
        session_document(session, basis, step=basis.step(session))
    )


def session_document(
    session: StoredSession, basis: Basis, *, step: Measurement
) -> dict[str, object]:
    """A ``TestSessionRead`` as JSON has it; ``step`` is where the session stands."""
    bank, setup = basis.bank, session.setup
    pending = None
    position = session.pending_position
    if position is not None and session.pending_issued_at:  # the latter only while in progress
        pending = pending_item(
            session, bank, position=position, issued_at=session.pending_issued_at
        )
    return {
        "id": str(session.id),
        "agent_id": str(session.agent_id),
        "framework": setup.framework,
        "framework_version": setup.framework_version,
        "competences": [bank.competences[index] for index in setup.competences],
        "purpose": setup.purpose.value,
        "locale": setup.locale,
        "state": session.state.value,
        "stop_reason": session.stop_reason,
        "progress": progress_document(step, bank),
        "pending_item": pending,
        "created_at": rfc3339(session.created_at),
        "updated_at": rfc3339(session.updated_at),
        "expires_at": rfc3339(session.expires_at),
        "finished_at": None if session.finished_at is None else rfc3339(session.finished_at),
    }
