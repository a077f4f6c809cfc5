"""Entity tags as RFC 9110 (section 8.8.3) compares them."""


def is_same(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names this ETag, or ``*``: weak comparison, a cache may keep it."""
    if if_none_match is None:
        return False
    named = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in named or etag in named


def permits(if_match: str, etag: str) -> bool:
    """Whether If-Match names this ETag, or ``*``: strong comparison, a weak tag permits nothing."""
    named = [tag.strip() for tag in if_match.split(",")]
    return "*" in named or etag in named
