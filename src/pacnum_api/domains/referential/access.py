"""Who may read frameworks: any client that holds ``frameworks:read``."""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

FrameworkReader = Annotated[Principal, Security(authorise, scopes=[Scope.FRAMEWORKS_READ])]
