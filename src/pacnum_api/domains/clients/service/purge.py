"""Forgetting what can no longer matter."""

from datetime import timedelta

from pacnum_api.domains.clients import repository
from pacnum_api.platform.rate_limits import WINDOW_SECONDS
from pacnum_api.platform.uow import UnitOfWork


async def purge_expired(uow: UnitOfWork) -> int:
    """Drop this tenant's dead assertions and past rate-limit windows; how many rows went."""
    return await repository.purge(
        uow,
        assertions_before=uow.now,
        windows_before=uow.now - timedelta(seconds=2 * WINDOW_SECONDS),
    )
