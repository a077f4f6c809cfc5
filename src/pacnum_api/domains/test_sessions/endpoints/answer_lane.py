"""The answer call's own lane: an ASGI layer before FastAPI, for what the service exists for.

Data flow: an answer that can be accepted at once (a valid token, a well-formed body, the item that
is pending) goes from the socket to the ``AnswerDesk`` and back; everything else
goes on to the route ``test_sessions_submit_answer``, with its body, as if the lane were not there.
So the route alone says what is wrong and how, and the lane decides nothing that the route would
decide otherwise. It bends the house's grammar because routing, dependencies, models and five layers
cost several times what grading, estimating, choosing and storing do (docs/benchmarks.md).
"""

import asyncio
from collections import deque
from typing import Final
from uuid import UUID

from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacnum_api.domains.test_sessions.schemas import AnswerCreate
from pacnum_api.domains.test_sessions.service import AnswerDesk
from pacnum_api.platform import request_log
from pacnum_api.platform.auth.access import require_session
from pacnum_api.platform.auth.gate import Admission, Gate
from pacnum_api.platform.auth.scopes import Scope as AccessScope
from pacnum_api.platform.cors import EXPOSED_HEADERS
from pacnum_api.platform.overload import LATE, STOPPING, Load

PREFIX: Final = "/v1/test-sessions/"
SUFFIX: Final = "/answers"
ROUTE: Final = "/v1/test-sessions/{session_id}/answers"
LENGTH: Final = len(PREFIX) + 36 + len(SUFFIX)
LARGEST_BODY: Final = 65_536
"""An answer has some hundred bytes; what to do with a long one is for the route to say."""

_EXPOSED: Final = EXPOSED_HEADERS.encode()


class _NotForHere(Exception):
    """The route has to look at this request; or, with ``refusal``, to say just that with a 503."""

    def __init__(self, refusal: str | None = None) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class _Request:
    """What the lane reads of a request's headers, in one pass."""

    __slots__ = ("authorization", "origin")

    def __init__(self, scope: Scope) -> None:
        """Raises _NotForHere for headers that ask for more than the lane does."""
        self.authorization = self.origin = b""
        media_type = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                if self.authorization:
                    raise _NotForHere
                self.authorization = value
            elif name == b"content-type":
                media_type = value
            elif name == b"origin":
                self.origin = value
            elif name == b"idempotency-key":
                raise _NotForHere
        if media_type.partition(b";")[0].strip() != b"application/json":
            raise _NotForHere

    def token(self) -> str:
        """The bearer's token. Raises _NotForHere."""
        scheme, _, token = self.authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise _NotForHere
        return token.strip().decode("latin-1")


class AnswerLane:
    """Answers ``POST /v1/test-sessions/{session_id}/answers`` where that is simple."""

    def __init__(self, app: ASGIApp, *, state: State, body_timeout_seconds: float = 10.0) -> None:
        """``state``: the application's, where the gate and the desk are once it has started."""
        self.app = app
        self._state = state
        self._body_timeout_seconds = body_timeout_seconds

    async def __call__(  # noqa: PLR0917 - the ASGI protocol
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one answer, or pass the request on."""
        session_id = _session_asked(scope)
        if session_id is None:
            await self.app(scope, receive, send)
            return
        trail = request_log.begin(scope)
        read: deque[Message] = deque()
        try:
            request = _Request(scope)
            body = await self._body(receive, read)
            admission = await self._admit(scope, request, session_id=session_id)
            reply = await self._accept_in_place(body, admission, session_id=session_id)
        except _NotForHere as here:
            scope["state"]["refusal"] = here.refusal
            await self.app(scope, _again(read, receive), send)
            return
        except asyncio.CancelledError:
            # the server stops and has waited long enough: the request ends here, with an answer
            scope["state"]["refusal"] = STOPPING
            await self.app(scope, _again(read, receive), send)
            return
        except BaseException:
            request_log.record(trail)
            raise
        headers = _headers(reply, admission, origin=request.origin)
        headers += trail.headers
        trail.route, trail.session_id = ROUTE, session_id
        try:
            await send({"type": "http.response.start", "status": 201, "headers": headers})
            trail.status = 201
            await send({"type": "http.response.body", "body": reply})
        finally:
            request_log.record(trail)

    async def _body(self, receive: Receive, read: deque[Message]) -> bytes:
        """The body, if it comes soon and is not long; what was read of it stands in ``read``.

        Raises _NotForHere.
        """
        body = b""
        try:
            async with asyncio.timeout(self._body_timeout_seconds):
                while not read or read[-1].get("more_body"):
                    read.append(await receive())
                    body += read[-1].get("body", b"")
                    if len(body) > LARGEST_BODY:
                        raise _NotForHere
        except TimeoutError:
            raise _NotForHere from None
        # escapes may hide what PostgreSQL text cannot hold: the route looks closer
        if b"\\u" in body:
            raise _NotForHere
        return body

    async def _admit(self, scope: Scope, request: _Request, *, session_id: UUID) -> Admission:
        """The caller's admission, as the route's own. Raises _NotForHere for every refusal."""
        gate: Gate = self._state.gate
        try:
            admission = await gate.admit(request.token())
            if admission.rate.is_allowed:
                # the route, if it comes to that, counts this request no second time
                scope.setdefault("state", {})["admission"] = admission
                require_session(admission.principal, session_id, AccessScope.TEST_SESSIONS_RUN)
                return admission
        except Exception as error:
            raise _NotForHere from error
        raise _NotForHere

    async def _accept_in_place(
        self, body: bytes, admission: Admission, *, session_id: UUID
    ) -> bytes:
        """Accept it if the process has room; the layer behind says so if it has none.

        Raises _NotForHere.
        """
        load: Load = self._state.load
        if load.is_stopping or not load.try_enter():
            raise _NotForHere
        try:
            async with asyncio.timeout(self._state.settings.request_timeout_seconds):
                return await self._accept(body, admission, session_id=session_id)
        except TimeoutError:  # nobody knows whether it is stored; sent again, it will be said
            raise _NotForHere(LATE) from None
        finally:
            load.leave()

    async def _accept(self, body: bytes, admission: Admission, *, session_id: UUID) -> bytes:
        desk: AnswerDesk = self._state.answers
        try:
            submission = AnswerCreate.model_validate_json(body).read()
            reply = await desk.accept(
                admission.principal.tenant_id, session_id, submission=submission
            )
        except TimeoutError as error:  # the database is silent: the route would only wait again
            raise _NotForHere(LATE) from error
        except Exception as error:
            raise _NotForHere from error
        if reply is None:
            raise _NotForHere
        return reply


def _session_asked(scope: Scope) -> UUID | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"]
    if len(path) != LENGTH or not path.endswith(SUFFIX) or not path.startswith(PREFIX):
        return None
    try:
        return UUID(path[len(PREFIX) : -len(SUFFIX)])
    except ValueError:
        return None


def _again(read: deque[Message], receive: Receive) -> Receive:
    """A channel that begins with the messages that were read from it already."""

    async def receive_again() -> Message:
        return read.popleft() if read else await receive()

    return receive_again


def _headers(reply: bytes, admission: Admission, *, origin: bytes) -> list[tuple[bytes, bytes]]:
    """Those that the layers around the route would add."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(reply)).encode()),
        (b"vary", b"Origin"),
    ]
    headers += [
        (name.lower().encode(), value.encode()) for name, value in admission.rate.headers().items()
    ]
    if origin and origin.decode("latin-1") in admission.client.cors_origins:
        headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
        ]
    return headers
