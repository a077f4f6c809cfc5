"""What can be asked of the catalogue and done to it."""

from pacnum_api.domains.trainings.service.load_trainings import load_trainings
from pacnum_api.domains.trainings.service.publish import (
    upsert_training,
    upsert_training_session,
)
from pacnum_api.domains.trainings.service.read_catalogue import (
    get_training,
    get_training_by_external_id,
    get_training_session,
    get_training_session_by_external_id,
    list_published_trainings,
    list_training_sessions,
    list_trainings,
    read_outlooks,
)
from pacnum_api.domains.trainings.service.versions import session_etag, training_etag

__all__ = [
    "get_training",
    "get_training_by_external_id",
    "get_training_session",
    "get_training_session_by_external_id",
    "list_published_trainings",
    "list_training_sessions",
    "list_trainings",
    "load_trainings",
    "read_outlooks",
    "session_etag",
    "training_etag",
    "upsert_training",
    "upsert_training_session",
]
