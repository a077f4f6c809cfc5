"""HEAD says of a resource what GET would, without the resource."""

import httpx
import pytest

from tests.support.callers import Caller

COMPARED = ("etag", "content-type", "content-length", "content-language", "cache-control", "vary")


@pytest.mark.parametrize(
    "path", ["/v1/frameworks/digcomp-2.2", "/v1/frameworks/none", "/v1/agents", "/nowhere"]
)
async def test_the_same_headers_and_no_body(caller: Caller, path: str) -> None:
    full, bare = await caller.get(path), await caller.request("HEAD", path)
    assert (bare.status_code, bare.content) == (full.status_code, b"")
    for header in COMPARED:
        assert bare.headers.get(header) == full.headers.get(header), header


async def test_what_cannot_be_read_has_no_head_either(
    caller: Caller, http: httpx.AsyncClient
) -> None:
    assert (await caller.request("HEAD", "/v1/recommendations")).status_code == 405
    assert (await http.head("/v1/agents")).status_code == 401
