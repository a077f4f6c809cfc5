"""The metadata of all tables, for migrations and their drift check."""

from pacnum_api.domains.clients import models as _clients
from pacnum_api.domains.imports import models as _imports
from pacnum_api.domains.items import models as _items
from pacnum_api.domains.organisations import models as _organisations
from pacnum_api.domains.referential import models as _referential
from pacnum_api.domains.results import models as _results
from pacnum_api.domains.test_sessions import models as _test_sessions
from pacnum_api.domains.trainings import models as _trainings
from pacnum_api.platform import idempotency as _idempotency
from pacnum_api.platform import outbox as _outbox
from pacnum_api.platform import rate_limits as _rate_limits
from pacnum_api.platform.auth import key_store as _key_store
from pacnum_api.platform.db import Base

_modules = (
    _clients,
    _imports,
    _items,
    _organisations,
    _referential,
    _results,
    _test_sessions,
    _trainings,
    _idempotency,
    _outbox,
    _rate_limits,
    _key_store,
)
"""Imported for their tables."""

metadata = Base.metadata
