"""Who may ask for recommendations.

For an agent: whoever may read that agent's results. For levels as posted: whoever may read the
catalogue, since nothing stored about anybody is used.
"""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

AgentAdviser = Annotated[Principal, Security(authorise, scopes=[Scope.RESULTS_READ])]
CatalogueAdviser = Annotated[Principal, Security(authorise, scopes=[Scope.TRAININGS_READ])]
