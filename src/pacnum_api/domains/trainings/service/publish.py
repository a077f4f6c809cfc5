"""Publishing trainings and sessions under their publishers' own ids.

Data flow of an upsert: content → policy's checks against the frameworks and the other trainings →
an insert that the unique key may refuse → else the locked row, its version checked, changed in
place.
"""

from collections.abc import Iterable

from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import policy, repository
from pacnum_api.domains.trainings.errors import TrainingRejected, TrainingSessionRejected
from pacnum_api.domains.trainings.service.read_catalogue import (
    get_training_by_external_id,
    get_training_session_by_external_id,
)
from pacnum_api.domains.trainings.service.rows import session_of, training_of
from pacnum_api.domains.trainings.service.store import (
    add_session,
    add_training,
    change_session,
    change_training,
)
from pacnum_api.domains.trainings.service.versions import check_precondition
from pacnum_api.domains.trainings.types import (
    ExternalId,
    Training,
    TrainingContent,
    TrainingSession,
    TrainingSessionContent,
)
from pacnum_api.kernel.errors import FieldFault, PreconditionFailed
from pacnum_api.platform.uow import UnitOfWork


async def upsert_training(
    uow: UnitOfWork, external_id: ExternalId, *, content: TrainingContent, if_match: str | None
) -> tuple[Training, bool]:
    """Create or replace by external id; the second value says whether it was created.

    Raises TrainingRejected with every fault, PreconditionRequired when the training exists and no
    version is named, PreconditionFailed when the named version is not the present one.
    """
    await _check(uow, external_id, content=content)
    if if_match is None and await add_training(uow, external_id, content=content):
        return await get_training_by_external_id(uow, external_id), True
    row = await repository.lock_own_training(uow, external_id)
    if row is None:
        raise PreconditionFailed
    check_precondition(training_of(row), if_match)
    await change_training(uow, row, content=content)
    return training_of(row), False


async def upsert_training_session(
    uow: UnitOfWork,
    external_id: ExternalId,
    *,
    training: ExternalId,
    content: TrainingSessionContent,
    if_match: str | None,
) -> tuple[TrainingSession, bool]:
    """Create or replace by external id; the second value says whether it was created.

    Raises TrainingSessionRejected with every fault, PreconditionRequired and PreconditionFailed as
    ``upsert_training`` does.
    """
    faults = policy.check_session(content)
    owner_row = await repository.find_training(uow, training)
    if owner_row is None:
        faults.append(FieldFault("/training", "expected the external id of a training"))
    if owner_row is None or faults:
        raise TrainingSessionRejected(faults=faults)
    owner = training_of(owner_row)
    if if_match is None and await add_session(uow, external_id, training=owner, content=content):
        return await get_training_session_by_external_id(uow, external_id), True
    row = await repository.lock_own_session(uow, external_id)
    if row is None:
        raise PreconditionFailed
    check_precondition(session_of(row), if_match)
    await change_session(uow, row, training=owner, content=content)
    return session_of(row), False


async def find_frameworks(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, Framework]:
    """Those frameworks of the given codes that are published."""
    found: dict[str, Framework] = {}
    for code in sorted(set(codes)):
        try:
            found[code] = await referential.get_framework(uow, code)
        except FrameworkNotFound:
            continue
    return found


def framework_codes(content: TrainingContent) -> set[str]:
    """The frameworks that a training names."""
    return {step.framework for step in content.competences} | {
        required.framework for required in content.prerequisites.competences
    }


async def _check(uow: UnitOfWork, external_id: ExternalId, *, content: TrainingContent) -> None:
    frameworks = await find_frameworks(uow, framework_codes(content))
    faults = policy.check_training(content, value=external_id.value, frameworks=frameworks)
    if content.prerequisites.trainings:
        await repository.lock_links(uow, external_id.issuer)
        follows = await repository.list_prerequisites(uow, external_id.issuer)
        follows[external_id.value] = list(content.prerequisites.trainings)
        faults += policy.check_links(follows, value=external_id.value)
    if faults:
        raise TrainingRejected(faults=faults)
