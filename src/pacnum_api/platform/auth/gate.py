"""The gate every request with a token passes: token, live client, quota."""

from dataclasses import dataclass

from pacnum_api.platform.auth.clients import ClientState, ClientStates
from pacnum_api.platform.auth.errors import InvalidToken
from pacnum_api.platform.auth.key_store import KeyStore
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.tokens import TokenVerifier
from pacnum_api.platform.rate_limits import Quota, RateDecision, RateLimiter

SESSION_QUOTA = Quota("session", requests=240, unshared=60)
"""Of each session token: a person answers some ten times a minute, a page reads on top of that.

The unshared part keeps the answer path free of a write that no person ever needs.
"""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who came through, and what the response has to say about it."""

    principal: Principal
    client: ClientState
    rate: RateDecision


class Gate:
    """What authentication needs, once a process, on ``app.state.gate``."""

    def __init__(self, *, keys: KeyStore, clients: ClientStates, limits: RateLimiter) -> None:
        self.keys = keys
        self.clients = clients
        self._limits = limits
        self._tokens = TokenVerifier(keys)

    async def admit(self, token: str) -> Admission:
        """Let the bearer of a token in. Raises InvalidToken, also when its client was revoked.

        A used-up quota is told by ``rate.is_allowed``, since the response carries its headers too.
        """
        principal = await self._tokens.verify(token)
        client = await self.clients.find_live(principal.tenant_id, principal.client_id)
        if client is None:
            raise InvalidToken
        quota = (
            SESSION_QUOTA
            if principal.is_session
            else Quota("client", requests=client.rate_limit_per_minute)
        )
        rate = await self._limits.spend(principal.tenant_id, principal.subject, quota=quota)
        return Admission(principal=principal, client=client, rate=rate)
