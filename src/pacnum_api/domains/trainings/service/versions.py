"""ETags of the catalogue, and the preconditions of replacing something in it.

What is sent depends on the reader's language, and so does the ETag: a copy in French is no copy of
the English text. Replacing concerns both languages: either ETag names the version.
"""

from pacnum_api.domains.trainings.types import Training, TrainingSession
from pacnum_api.kernel.errors import PreconditionFailed, PreconditionRequired
from pacnum_api.platform.etags import permits

_LOCALES = ("fr", "en")


def training_etag(training: Training, *, locale: str) -> str:
    """The strong ETag of a training's present version in one language."""
    return _etag(training, locale)


def session_etag(session: TrainingSession, *, locale: str) -> str:
    """The strong ETag of a session's present version in one language."""
    return _etag(session, locale)


def check_precondition(current: Training | TrainingSession | None, if_match: str | None) -> None:
    """Raise PreconditionRequired if nothing was named, PreconditionFailed if something else was."""
    if if_match is None:
        raise PreconditionRequired
    if current is None or not any(permits(if_match, _etag(current, locale)) for locale in _LOCALES):
        raise PreconditionFailed


def _etag(resource: Training | TrainingSession, locale: str) -> str:
    return f'"{resource.id.hex[-12:]}-{resource.version}-{locale}"'
