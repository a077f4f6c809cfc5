"""Spans, for those who make them. Off unless ``platform.telemetry`` has turned them on.

While it is off, ``is_on`` and ``span`` are one comparison each, and the OpenTelemetry SDK is not
even loaded (its API is: FastAPI brings it along). A request that is not sampled makes no further
spans, so its database transactions cost nothing either. A span holds the route's template, never
the path; an error's type, never its message; no id of a tenant, client, agent or session: log
lines carry the trace's id, so that who may read the log can come from the one to the other.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pacnum_api.platform.trail import Trail

P = ParamSpec("P")
T = TypeVar("T")

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_NO_SPAN: Final = nullcontext()
_POSTGRESQL: Final = {"db.system.name": "postgresql"}
_parent: ContextVar[Span | None] = ContextVar("pacnum_span", default=None)
_tracer: Tracer | None = None


def set_tracer(tracer: Tracer | None) -> None:
    """Turn spans on, or off (None)."""
    global _tracer  # noqa: PLW0603 - one tracer a process, set when it starts
    _tracer = tracer


def is_on() -> bool:
    """Whether anything is traced at all."""
    return _tracer is not None


def begin_request(trail: Trail, *, method: str) -> None:
    """Begin the server's span, as part of the caller's trace if it names one (W3C traceparent)."""
    assert _tracer is not None  # noqa: S101 - asked before: is_on
    scope = trail.scope
    carrier = {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in {b"traceparent", b"tracestate"}
    }
    context = _PROPAGATOR.extract(carrier) if carrier else None
    span = _tracer.start_span(
        method, context=context, kind=SpanKind.SERVER, attributes=_request(scope, method)
    )
    named = span.get_span_context()
    if carrier or span.is_recording():
        trail.trace_id = trace.format_trace_id(named.trace_id)
    if span.is_recording():
        trail.span = span
        _parent.set(span)


def _request(scope: Mapping[str, Any], method: str) -> dict[str, str]:
    """Of the HTTP conventions all but ``url.path``, ``url.query`` and addresses of people."""
    return {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", "1.1"),
    }


def end_request(trail: Trail, *, method: str) -> None:
    """End the server's span; a server's fault (5xx, no answer at all) is an error, a 4xx is not."""
    span: Span = trail.span
    span.update_name(f"{method} {trail.route}")
    span.set_attribute("http.route", str(trail.route))
    if trail.status:
        span.set_attribute("http.response.status_code", trail.status)
    if trail.problem is not None:
        span.set_attribute("pacnum.problem", trail.problem)
    if trail.error is not None or trail.status >= 500 or not trail.status:
        span.set_attribute("error.type", trail.error or str(trail.status or "no_response"))
        span.set_status(Status(StatusCode.ERROR))
    span.end()
    _parent.set(None)


def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, attributes: Mapping[str, str] | None = None
) -> Any:
    """A context around a part of the present request or job: ``with span("compute"): …``."""
    parent = _parent.get()
    return _NO_SPAN if parent is None else _child(parent, name, kind=kind, attributes=attributes)


@contextmanager
def job_span(name: str) -> Iterator[None]:
    """A context around something that no request has asked for, with a trace of its own."""
    if _tracer is None:
        yield
        return
    with _entered(_tracer.start_span(name)):
        yield


@contextmanager
def _child(
    parent: Span, name: str, *, kind: SpanKind, attributes: Mapping[str, str] | None
) -> Iterator[None]:
    assert _tracer is not None  # noqa: S101 - there would be no parent
    context = trace.set_span_in_context(parent)
    made = _tracer.start_span(name, context=context, kind=kind, attributes=dict(attributes or {}))
    with _entered(made):
        yield


@contextmanager
def _entered(made: Span) -> Iterator[None]:
    before = _parent.get()
    _parent.set(made if made.is_recording() else None)
    try:
        yield
    except BaseException as error:
        made.set_attribute("error.type", type(error).__qualname__)
        if isinstance(error, Exception):  # who was cancelled has not failed
            made.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        _parent.set(before)  # by value: a dependency may be left in another context than entered
        made.end()


def traced_transaction(
    name: str,
) -> Callable[
    [Callable[P, AbstractAsyncContextManager[T]]], Callable[P, AbstractAsyncContextManager[T]]
]:
    """Decorate what opens a transaction: a span from the wait for a connection to the commit."""

    def decorate(
        opening: Callable[P, AbstractAsyncContextManager[T]],
    ) -> Callable[P, AbstractAsyncContextManager[T]]:
        @asynccontextmanager
        async def with_span(*args: P.args, **kwargs: P.kwargs) -> Any:
            with span(name, kind=SpanKind.CLIENT, attributes=_POSTGRESQL):
                async with opening(*args, **kwargs) as opened:
                    yield opened

        @functools.wraps(opening)
        def open_it(*args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[T]:
            chosen = opening if _parent.get() is None else with_span
            return chosen(*args, **kwargs)

        return open_it

    return decorate
