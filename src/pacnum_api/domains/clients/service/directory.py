"""Which clients are live, as every request must know: from memory, at most ten seconds old."""

import asyncio
from uuid import UUID

from pacnum_api.domains.clients import repository
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.auth.clients import ClientState
from pacnum_api.platform.auth.ttl_cache import TtlCache
from pacnum_api.platform.database import Database

CHANNEL = "pacnum_clients"
REMEMBERED_SECONDS = 10.0
"""A revocation is told by notification within milliseconds; this is for when that was lost."""

MOST_CLIENTS = 10_000
MOST_ORIGINS = 2_000


class ClientDirectory:
    """The present state of clients; also remembers that there is none, and which origins are known.

    Implements ``platform.auth.clients.ClientStates``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clients: TtlCache[tuple[UUID, UUID], tuple[ClientState | None]] = TtlCache(
            MOST_CLIENTS
        )
        self._origins: TtlCache[str, bool] = TtlCache(MOST_ORIGINS)
        self._drops = 0
        self._looking: dict[tuple[UUID, UUID], asyncio.Task[ClientState | None]] = {}

    def drop(self, payload: str = "") -> None:
        """Forget everything: some client has changed (notification on ``pacnum_clients``)."""
        del payload
        self._drops += 1
        self._clients.clear()
        self._origins.clear()
        self._looking.clear()  # whoever comes from here on reads anew

    async def find_live(self, tenant_id: UUID, client_id: UUID) -> ClientState | None:
        """The client's state, or None when it is revoked or not of this tenant."""
        key = (tenant_id, client_id)
        known = self._clients.get(key)
        if known is not None:
            return known[0]
        # all who come while it is being read wait for the one who reads
        looking = self._looking.get(key)
        if looking is None:
            looking = asyncio.create_task(self._look(tenant_id, client_id))
            self._looking[key] = looking
            looking.add_done_callback(lambda done: self._forget_look(key, done))
        return await asyncio.shield(looking)

    def _forget_look(
        self, key: tuple[UUID, UUID], done: "asyncio.Task[ClientState | None]"
    ) -> None:
        if self._looking.get(key) is done:
            del self._looking[key]

    async def _look(self, tenant_id: UUID, client_id: UUID) -> ClientState | None:
        drops = self._drops
        async with self._database.unit_of_work(tenant_id) as uow:
            client = await repository.find_client(uow, client_id)
        state = None
        if client is not None and client.revoked_at is None:
            state = ClientState(
                rate_limit_per_minute=client.rate_limit_per_minute,
                cors_origins=frozenset(row.origin for row in client.origins),
            )
        if drops == self._drops:  # else it changed while it was being read
            self._clients.put((tenant_id, client_id), (state,), seconds=REMEMBERED_SECONDS)
        return state

    async def is_known_origin(self, origin: str) -> bool:
        """Whether any live client lists the origin."""
        known = self._origins.get(origin)
        if known is None:
            drops = self._drops
            async with self._database.unit_of_work(PUBLIC_TENANT_ID) as uow:
                known = await repository.is_origin_listed(uow, origin)
            if drops == self._drops:
                self._origins.put(origin, known, seconds=REMEMBERED_SECONDS)
        return known
