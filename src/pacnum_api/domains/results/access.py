"""Who may read results: a client that acts for the agent and holds ``results:read``."""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

ResultReader = Annotated[Principal, Security(authorise, scopes=[Scope.RESULTS_READ])]
