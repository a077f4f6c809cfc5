"""Writing one training or session, with its event, once it is known to be sound.

Content equal to what is stored changes nothing, not even the version.
"""

from pacnum_api.domains.trainings import repository
from pacnum_api.domains.trainings.models import TrainingRow, TrainingSessionRow
from pacnum_api.domains.trainings.service.rows import (
    session_columns,
    session_of,
    step_rows,
    training_columns,
    training_of,
)
from pacnum_api.domains.trainings.types import (
    ExternalId,
    Training,
    TrainingContent,
    TrainingSessionContent,
    TrainingState,
)
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork


async def add_training(
    uow: UnitOfWork, external_id: ExternalId, *, content: TrainingContent
) -> bool:
    """Insert unless the tenant has a training of this external id; says whether it did."""
    training_id = new_id()
    added = await repository.add_training_if_new(
        uow,
        {
            "id": training_id,
            "tenant_id": uow.tenant_id,
            "issuer": external_id.issuer,
            "value": external_id.value,
            "version": 1,
            "created_at": uow.now,
            "updated_at": uow.now,
            **training_columns(content),
        },
    )
    if not added:
        return False
    uow.session.add_all(step_rows(content, training_id=training_id, tenant_id=uow.tenant_id))
    await uow.session.flush()
    await uow.emit("training.created", str(training_id), data={"training_id": str(training_id)})
    return True


async def change_training(uow: UnitOfWork, row: TrainingRow, *, content: TrainingContent) -> bool:
    """Give a locked row, whose steps are loaded, another content; says whether it is another."""
    before = training_of(row).content
    if before == content:
        return False
    if before.competences != content.competences:
        # out before in: a step may keep its competence, which is its key
        row.steps.clear()
        await uow.session.flush()
        row.steps.extend(step_rows(content, training_id=row.id, tenant_id=row.tenant_id))
    for name, value in training_columns(content).items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = uow.now
    await uow.session.flush()
    is_withdrawal = (
        content.state is TrainingState.WITHDRAWN and before.state is not TrainingState.WITHDRAWN
    )
    event = "training.withdrawn" if is_withdrawal else "training.updated"
    await uow.emit(event, str(row.id), data={"training_id": str(row.id)})
    return True


async def add_session(
    uow: UnitOfWork,
    external_id: ExternalId,
    *,
    training: Training,
    content: TrainingSessionContent,
) -> bool:
    """Insert unless the tenant has a session of this external id; says whether it did."""
    session_id = new_id()
    added = await repository.add_session_if_new(
        uow,
        {
            "id": session_id,
            "tenant_id": uow.tenant_id,
            "training_id": training.id,
            "issuer": external_id.issuer,
            "value": external_id.value,
            "version": 1,
            "created_at": uow.now,
            "updated_at": uow.now,
            **session_columns(content),
        },
    )
    if added:
        await uow.emit(
            "training_session.created",
            str(session_id),
            data={"training_session_id": str(session_id), "training_id": str(training.id)},
        )
    return added is not None


async def change_session(
    uow: UnitOfWork,
    row: TrainingSessionRow,
    *,
    training: Training,
    content: TrainingSessionContent,
) -> bool:
    """Give a locked row another training or content; says whether it is another."""
    if session_of(row).content == content and row.training_id == training.id:
        return False
    row.training_id = training.id
    for name, value in session_columns(content).items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = uow.now
    await uow.session.flush()
    await uow.emit(
        "training_session.updated",
        str(row.id),
        data={"training_session_id": str(row.id), "training_id": str(training.id)},
    )
    return True
