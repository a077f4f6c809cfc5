"""Who may see and provision agents."""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

OrganisationReader = Annotated[Principal, Security(authorise, scopes=[Scope.ORGANISATION_READ])]
OrganisationWriter = Annotated[Principal, Security(authorise, scopes=[Scope.ORGANISATION_WRITE])]
