"""OpenTelemetry, switched on by its own environment variables and by nothing else.

Off by default: traces and metrics each begin when an exporter is named (``OTEL_TRACES_EXPORTER``,
``OTEL_METRICS_EXPORTER``: ``otlp`` or ``console``) or, none being named, when there is an address
to export to (``OTEL_EXPORTER_OTLP_ENDPOINT`` or the signal's own). ``OTEL_SDK_DISABLED=true`` and
the exporter ``none`` keep them off. Until then the SDK is not loaded. Everything else that the SDK
reads (sampler, resource, service name, headers, limits, intervals) is left to it.
"""

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

EXPORTERS: Final = frozenset({"otlp", "console"})
SDK: Final = "pacnum_api.platform.telemetry_sdk"
SERVICE_NAME: Final = "pacnum-api"


class TelemetryMisconfigured(ValueError):
    """An OTEL_ variable asks for what this service does not do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The exporter of each signal (``otlp``, ``console``), or None where it is off."""

    traces: str | None
    metrics: str | None


def wanted_telemetry(environment: Mapping[str, str]) -> Wanted:
    """What the OTEL_ variables ask for. Raises TelemetryMisconfigured."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted(None, None)
    return Wanted(_exporter(environment, "TRACES"), _exporter(environment, "METRICS"))


def _exporter(environment: Mapping[str, str], signal: str) -> str | None:
    named = environment.get(f"OTEL_{signal}_EXPORTER", "").strip().lower()
    if not named:
        has_address = any(
            environment.get(name, "").strip()
            for name in (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT",
            )
        )
        named = "otlp" if has_address else "none"
    if named == "none":
        return None
    if named not in EXPORTERS:
        known = ", ".join(sorted(EXPORTERS | {"none"}))
        raise TelemetryMisconfigured(f"OTEL_{signal}_EXPORTER={named}: expected one of {known}")
    protocol = (
        environment.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL")
        or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    )
    if named == "otlp" and protocol != "http/protobuf":
        raise TelemetryMisconfigured(f"OTLP over {protocol}: only http/protobuf is spoken here")
    return named


@contextmanager
def telemetry() -> Iterator[None]:
    """Export what the environment asks for while within; what is left is sent at the end.

    Raises TelemetryMisconfigured. Providers stay private: were they set globally, FastAPI's own
    spans would join in, which name paths.
    """
    wanted = wanted_telemetry(os.environ)
    if wanted.traces is None and wanted.metrics is None:
        yield
        return
    sdk = importlib.import_module(SDK)  # by name, so that it is loaded by those alone who use it
    with sdk.exporting(wanted):
        yield
