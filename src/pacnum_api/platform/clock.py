"""The one place where the time is read."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current instant, aware, in UTC, with the microseconds that PostgreSQL keeps."""
    return datetime.now(UTC)
