"""New measurement parameters for the items of a bank: a new version, never a change of one."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.errors import BankSuperseded
from pacnum_api.domains.items.service.banks import BankContent, publish_version
from pacnum_api.domains.items.types import BankHandle, ItemParameters
from pacnum_api.domains.referential import service as referential
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.population import Population

WORDING_DIGITS = 16
"""Of the hash of a wording, in hexadecimal: enough to tell the wordings of one item apart."""


async def wordings_of(uow: UnitOfWork, bank_id: UUID) -> tuple[str, ...]:
    """What names the wording of each item of a bank, by index, in every installation alike.

    Raises BankNotFound, also for another tenant's bank.
    """
    row = await repository.get_bank(uow, bank_id)
    return tuple(entry["content_hash"][:WORDING_DIGITS] for entry in row.entries)


async def publish_parameters(
    uow: UnitOfWork,
    bank_id: UUID,
    *,
    parameters: Mapping[int, ItemParameters],
    population: Population | None,
) -> BankHandle | None:
    """Publish a bank of the same item versions with other parameters, as the tenant's newest.

    ``parameters``: by index; items that are not named keep theirs. ``population``: how the
    competences hang together; None keeps what the bank has. Sessions that are running stay on their
    bank; the next ones begin on this. None if it would say what the tenant's newest says. Raises
    BankNotFound, and BankSuperseded if ``bank_id`` is no longer the bank that a session of this
    tenant would begin on.
    """
    base = await repository.get_bank(uow, bank_id)
    await repository.lock_loading(uow, base.framework)
    newest = await repository.get_newest_bank(uow, base.framework)
    if newest.id != bank_id:
        raise BankSuperseded
    content = BankContent(
        [
            {**entry, "parameters": _stored(parameters[index])} if index in parameters else entry
            for index, entry in enumerate(base.entries)
        ],
        base.population if population is None else _population(population),
    )
    framework = await referential.get_framework(uow, base.framework, version=base.framework_version)
    before = await repository.find_own_newest_bank(uow, base.framework)
    return await publish_version(uow, framework, content=content, before=before)


def _stored(parameters: ItemParameters) -> dict[str, Any]:
    return {**asdict(parameters), "steps": list(parameters.steps)}


def _population(population: Population) -> dict[str, Any]:
    return {
        "correlation": population.correlation.tolist(),
        "strengths": list(population.strengths),
        "weights": list(population.weights),
    }
