"""Entity tags as RFC 9110 (section 8.8.3) compares them."""


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header names this ETag, or ``*`` (weak comparison)."""
    if header is None:
        return False
    named = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in named or etag in named
