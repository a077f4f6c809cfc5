"""Published banks: publish a new version, find the newest.

The newest is asked of the database each time (one short query when a session starts), so that no
process is ever behind. ``bank_memory`` holds those that are used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pacnum_api.domains.items import repository
from pacnum_api.domains.items.models import ItemBankRow
from pacnum_api.domains.items.policy.parameters import (
    ParameterBasis,
    basis_of,
    provisional_parameters,
    status_without_data,
)
from pacnum_api.domains.items.repository import ActiveVersion
from pacnum_api.domains.items.service.stored_documents import hash_of, item_in
from pacnum_api.domains.items.types import (
    BankHandle,
    ParameterStatus,
)
from pacnum_api.domains.referential.types import Framework
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.scale import LevelScale

BANK_CHANNEL: Final = "pacnum_bank"
"""NOTIFY channel: a bank version was published. Payload: by which tenant, its id, its framework."""

_READ_AT_ONCE: Final = 200
"""Documents of items in memory, where a bank has to look into them."""


async def current_bank(uow: UnitOfWork, framework: str) -> BankHandle:
    """The newest bank of a framework; a tenant's own hides the public one. Raises BankNotFound."""
    return await repository.get_newest_bank(uow, framework)


async def publish_bank(
    uow: UnitOfWork,
    framework: Framework,
    *,
    bases: Mapping[UUID, ParameterBasis] = MappingProxyType({}),
) -> BankHandle | None:
    """Publish what is active now, unless the tenant's newest bank already says just that.

    Items that were in the bank before, in the same wording, keep their calibrated parameters;
    provisional ones only within a framework version, because they stand on its cuts. Others get
    provisional ones. So does the population that calibration found, within a framework version.
    ``bases``: of versions that have just been stored, by id; others are read for theirs. None when
    nothing was published.
    """
    before = await repository.find_own_newest_bank(uow, framework.code)
    known = _lasting(before, framework)
    position = {one.code: one.position for one in framework.competences}
    found = [
        one
        for one in await repository.active_versions(uow, framework.code)
        if one.competence in position
    ]
    found.sort(key=lambda one: (position[one.competence], one.level, one.key))
    new = [one.version_id for one in found if str(one.version_id) not in known]
    known_bases = {**bases, **await _bases(uow, [one for one in new if one not in bases])}
    scale = LevelScale(framework.cuts)
    entries = [
        _entry_kept(known[str(one.version_id)], one)
        if str(one.version_id) in known
        else _entry(one, known_bases[one.version_id], scale=scale)
        for one in found
    ]
    content = BankContent(entries, _lasting_population(before, framework))
    return await publish_version(uow, framework, content=content, before=before)


async def _bases(uow: UnitOfWork, version_ids: Sequence[UUID]) -> dict[UUID, ParameterBasis]:
    """What stored versions say about their parameters; some documents at a time are in memory."""
    found = {}
    for start in range(0, len(version_ids), _READ_AT_ONCE):
        some = version_ids[start : start + _READ_AT_ONCE]
        for stored in await repository.documents_of_versions(uow, some):
            found[stored.version_id] = basis_of(item_in(stored))
    return found


@dataclass(frozen=True, slots=True)
class BankContent:
    """What a bank version says: its entries, and how the competences hang together if that was
    calibrated.
    """

    entries: Sequence[Mapping[str, Any]]
    population: Mapping[str, Any] | None

    def hash(self, framework_version: int) -> bytes:
        """What names it: two bank versions that say the same have the same."""
        content = {"framework_version": framework_version, "entries": self.entries}
        if self.population is not None:
            content["population"] = self.population
        return hash_of(content)


async def publish_version(
    uow: UnitOfWork, framework: Framework, *, content: BankContent, before: ItemBankRow | None
) -> BankHandle | None:
    """Publish what comes after the tenant's newest bank, ``before``; None if it says the same."""
    content_hash = content.hash(framework.version)
    if before is not None and before.content_hash == content_hash:
        return None
    bank = ItemBankRow(
        id=new_id(),
        tenant_id=uow.tenant_id,
        framework=framework.code,
        framework_version=framework.version,
        version=1 if before is None else before.version + 1,
        entries=list(content.entries),
        population=content.population,
        content_hash=content_hash,
        item_count=len(content.entries),
        published_at=uow.now,
    )
    repository.add_all(uow, [bank])
    await uow.session.flush()
    await uow.notify(BANK_CHANNEL, f"{uow.tenant_id} {bank.id} {framework.code}")
    return handle_of(bank)


def _lasting_population(
    before: ItemBankRow | None, framework: Framework
) -> Mapping[str, Any] | None:
    if before is None or before.framework_version != framework.version:
        return None
    return before.population


def _entry_kept(entry: Mapping[str, Any], version: ActiveVersion) -> Mapping[str, Any]:
    """An entry as it was; without data, its author still says whether the item may measure."""
    parameters = entry["parameters"]
    if parameters["status"] not in {ParameterStatus.PROVISIONAL, ParameterStatus.SEEDED}:
        return entry
    status = status_without_data(is_tryout=version.is_tryout)
    return {**entry, "parameters": {**parameters, "status": status.value}}


def _lasting(before: ItemBankRow | None, framework: Framework) -> dict[str, Mapping[str, Any]]:
    """The entries of a bank whose parameters hold in this framework version, by item version."""
    if before is None:
        return {}
    is_same = before.framework_version == framework.version
    return {
        entry["version_id"]: entry
        for entry in before.entries
        if is_same or entry["parameters"]["status"] == ParameterStatus.CALIBRATED
    }


def _entry(version: ActiveVersion, basis: ParameterBasis, *, scale: LevelScale) -> dict[str, Any]:
    """A bank's entry as it is stored; a float's text is its JSON, so it reads back bit for bit."""
    parameters = asdict(provisional_parameters(basis, scale))
    return {
        "version_id": str(version.version_id),
        "content_hash": version.content_hash.hex(),
        "parameters": {**parameters, "steps": list(parameters["steps"])},
    }


def handle_of(row: ItemBankRow) -> BankHandle:
    """The name of a stored bank version."""
    return BankHandle(
        id=row.id,
        framework=row.framework,
        framework_version=row.framework_version,
        version=row.version,
        content_hash=row.content_hash.hex(),
        item_count=row.item_count,
        published_at=row.published_at,
    )
