"""Who may read the catalogue and who may publish in it."""

from typing import Annotated

from fastapi import Security

from pacnum_api.platform.auth.access import authorise
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.auth.scopes import Scope

CatalogueReader = Annotated[Principal, Security(authorise, scopes=[Scope.TRAININGS_READ])]
CataloguePublisher = Annotated[Principal, Security(authorise, scopes=[Scope.TRAININGS_WRITE])]
