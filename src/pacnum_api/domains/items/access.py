"""Who may see items with their keys: clients with ``items:read``, never a session's token."""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

ItemReader = Annotated[Principal, Security(authorise, scopes=[Scope.ITEMS_READ])]
