"""Who may run test sessions: a client with the scope, or the session's own token.

A session token opens its own session and nothing else; explanation and replay, which show item
parameters at work, are for clients that hold ``results:read``.
"""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise, authorise_session
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

SessionStarter = Annotated[Principal, Security(authorise, scopes=[Scope.TEST_SESSIONS_RUN])]
SessionTaker = Annotated[Principal, Security(authorise_session, scopes=[Scope.TEST_SESSIONS_RUN])]
SessionReviewer = Annotated[Principal, Security(authorise, scopes=[Scope.RESULTS_READ])]
