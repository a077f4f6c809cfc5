"""HTTP plumbing that every endpoint shares.

A request travels: authentication → one transaction for the caller's tenant → the endpoint's one
service call → the rendered response is remembered if it carries an Idempotency-Key → commit → the
response starts. FastAPI closes function-scoped dependencies after the response object is built and
before it is sent, so what a caller has seen is on disk.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute

from pacnum_api.kernel.errors import (
    DomainError,
    ErrorKind,
    FieldFault,
    InvalidInput,
    ServiceUnavailable,
)
from pacnum_api.platform import idempotency
from pacnum_api.platform.auth.access import ACCESS_ERRORS, authenticate
from pacnum_api.platform.auth.principal import Principal
from pacnum_api.platform.database import Database
from pacnum_api.platform.etags import is_same
from pacnum_api.platform.problems import merged, problems, protocol_problems
from pacnum_api.platform.uow import UnitOfWork

LOCALES = ("fr", "en")
LANGUAGES_READ = 20
"""A browser sends a handful; what follows after that many is left unread."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
WRITING = frozenset({"POST", "PUT", "PATCH"})


class UnsupportedMediaType(DomainError):
    """The body is of a media type that this operation does not take."""

    code = "unsupported_media_type"
    kind = ErrorKind.UNSUPPORTED_MEDIA
    title = "Unsupported media type"


def database_of(request: Request) -> Database:
    """The database of the application that serves this request."""
    database: Database = request.app.state.database
    return database


_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def _key_of(request: Request) -> str | None:
    """The Idempotency-Key of a POST; documented for every POST by ``platform.openapi``."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if _KEY.fullmatch(key) is None:
        message = "expected 1 to 200 visible ASCII characters"
        raise InvalidInput(faults=[FieldFault("/header/Idempotency-Key", message)])
    return key


async def _digest_of_body(request: Request) -> bytes:
    """The body, or what stands for one that was too large to be held (``upload_requests``)."""
    digest: bytes | None = getattr(request.state, "body_digest", None)
    return await request.body() if digest is None else digest


async def _unit_of_work(
    request: Request,
    caller: Annotated[Principal, Depends(authenticate)],
) -> AsyncIterator[UnitOfWork]:
    async with database_of(request).unit_of_work(caller.tenant_id) as uow:
        key = _key_of(request)
        if key is not None:
            digest = idempotency.hash_request(
                request.method.encode(),
                request.url.path.encode(),
                request.url.query.encode(),
                negotiate_locale(request.headers.get("accept-language")).encode(),
                await _digest_of_body(request),
            )
            await idempotency.claim(uow, subject=caller.subject, key=key, request_hash=digest)
            request.state.claimed = (uow, caller.subject, key)
        yield uow


Uow = Annotated[UnitOfWork, Depends(_unit_of_work, scope="function")]
"""One transaction for the caller's tenant, committed before the response starts."""


def negotiate_locale(accepted: str | None) -> str:
    """The better of ``fr`` and ``en`` for an Accept-Language header (RFC 9110, 12.5.4), or fr."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate((accepted or "").split(",", LANGUAGES_READ)[:LANGUAGES_READ]):
        tag, _, parameters = part.strip().partition(";")
        quality = _quality(parameters)
        if quality > 0:
            wishes.append((-quality, position, tag.strip().lower()))
    for _, _, tag in sorted(wishes):
        primary = "fr" if tag == "*" else tag.split("-", 1)[0]
        if primary in LOCALES:
            return primary
    return LOCALES[0]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


async def _locale(  # not sync: FastAPI would send it to a thread
    response: Response,
    accept_language: Annotated[
        str | None,
        Header(description="`fr` (default) or `en`.", examples=["fr"]),
    ] = None,
) -> str:
    locale = negotiate_locale(accept_language)
    response.headers["Content-Language"] = locale
    response.headers.append("Vary", "Accept-Language")
    return locale


Locale = Annotated[str, Depends(_locale)]
"""Language of the texts in the answer, said back in ``Content-Language``."""


def _with_validators(request: Request, response: Response) -> Response:
    """Give a read its strong ETag, and a 304 to whoever has that very representation."""
    body = getattr(response, "body", None)
    if request.method != "GET" or response.status_code != 200 or not isinstance(body, bytes):
        return response
    etag = response.headers.get("etag")
    if etag is None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        response.headers["etag"] = etag
    response.headers.setdefault("cache-control", "private, no-cache")
    if not is_same(request.headers.get("if-none-match"), etag):
        return response
    kept = {
        name: value
        for name, value in response.headers.items()
        if name in {"etag", "cache-control", "vary", "content-language", "link"}
    }
    return Response(status_code=304, headers=kept)


async def _check_body(request: Request) -> None:
    """Refuse what JSON or its parser allows and PostgreSQL text does not, before it is parsed.

    Raises UnsupportedMediaType, HTTPException (400) for anything but UTF-8, or InvalidInput naming
    strings with NUL or lone surrogates.
    """
    if request.method not in WRITING:
        return
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType("The body must be sent as application/json.")
    if not _is_utf8(body):
        raise HTTPException(400)
    if b"\\u" not in body:
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return  # FastAPI answers this one, with the place of the fault
    faults = [
        FieldFault(pointer, "expected text without NUL or lone surrogate characters")
        for pointer in unstorable_texts(document)
    ]
    if faults:
        raise InvalidInput(faults=faults)


def _is_utf8(body: bytes) -> bool:
    """Python's parser would also take UTF-16, UTF-32 (full of NUL bytes) and encoded surrogates."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body


def unstorable_texts(document: object) -> list[str]:
    """JSON pointers of the strings (member names included) that PostgreSQL cannot store."""
    found: list[str] = []
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, str) and not _is_storable(value):
            found.append(pointer)
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{index}", item) for index, item in enumerate(value))
        elif isinstance(value, dict):
            for name, item in value.items():
                if _is_storable(name):
                    escaped = name.replace("~", "~0").replace("/", "~1")
                    waiting.append((f"{pointer}/{escaped}", item))
                else:
                    found.append(pointer)
    return sorted(found)


def _is_storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


class PacnumRoute(APIRoute):
    """Every operation's frame: body checks before, validators and remembered responses after."""

    async def check_body(self, request: Request) -> None:
        """Look at the body before it is parsed; raises what ``_check_body`` does."""
        await _check_body(request)

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's own handler; the unit of work is still open when it returns."""
        handle = super().get_route_handler()

        async def framed(request: Request) -> Response:
            await self.check_body(request)
            response = await handle(request)
            claimed = getattr(request.state, "claimed", None)
            if claimed is not None:
                uow, subject, key = claimed
                answer = (response.status_code, dict(response.headers), bytes(response.body))
                await idempotency.remember(uow, subject=subject, key=key, response=answer)
            return _with_validators(request, response)

        return framed


def make_router(
    prefix: str, tag: str, *, route_class: type[PacnumRoute] = PacnumRoute
) -> APIRouter:
    """A domain's router: a prefix under ``/v1``, a tag, the problems that all routes share."""
    shared = merged(
        problems(
            *ACCESS_ERRORS, InvalidInput, idempotency.IdempotencyKeyReused, ServiceUnavailable
        ),
        protocol_problems(400),
    )
    return APIRouter(prefix=f"/v1{prefix}", tags=[tag], route_class=route_class, responses=shared)
