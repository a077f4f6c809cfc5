"""Settings, all from environment variables that begin with ``PACNUM_``."""

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Where the embedded server keeps its data: the platform's user data folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "pacnum"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "pacnum"
    return Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / "pacnum"


class Settings(BaseSettings):
    """How one process of the service runs. Unknown variables are ignored; wrong values stop it."""

    model_config = SettingsConfigDict(env_prefix="PACNUM_", frozen=True)

    database_url: str | None = Field(
        default=None,
        description="Any PostgreSQL 14 or later; without it an embedded server is started.",
    )
    database_owner_url: str | None = Field(
        default=None,
        description="Role that owns the tables, for migrations; default: database_url.",
    )
    database_role: str = Field(
        default="pacnum_app",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Role the service acts as: it does not own the tables.",
    )
    database_pool_size: int = Field(default=8, ge=1, le=100)
    database_timeout_seconds: float = Field(default=10.0, gt=0)
    database_wait_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long a request waits for a connection of the pool before it gets its 503.",
    )
    max_requests_in_flight: int = Field(
        default=256,
        ge=1,
        description="Requests that a process works on at once; further ones get a 503 at once.",
    )
    wanted_request_seconds: float = Field(
        default=1.0,
        gt=0,
        description="Mean time of a request above which a process lets in fewer at once.",
    )
    request_timeout_seconds: float = Field(
        default=30.0, gt=0, description="From the arrival of a request to its response; then 503."
    )
    body_timeout_seconds: float = Field(
        default=30.0, gt=0, description="For a request's body to arrive; then 408."
    )
    head_timeout_seconds: float = Field(
        default=10.0, gt=0, description="For a request's head to arrive on an open connection."
    )
    client_silence_seconds: float = Field(
        default=30.0,
        ge=3,
        description="How long a client's machine may acknowledge nothing before it counts as gone.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        description="From SIGTERM to refusing: not ready, but serving, while proxies take notice.",
    )
    shutdown_timeout_seconds: int = Field(
        default=10,
        ge=1,
        description="How long requests that are under way may take when the process stops.",
    )
    home: Path = Field(default_factory=default_home)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Issuer and audience of the tokens; the address partners use, no final slash.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    token_ttl_seconds: int = Field(default=600, ge=60, le=3600)
    signing_algorithm: Literal["EdDSA", "ES256"] = "EdDSA"
    signing_key_max_age_days: int = Field(default=90, ge=1)
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    max_import_bytes: int = Field(
        default=268_435_456, ge=1024, description="Largest file of POST /v1/imports."
    )
    session_lifetime_seconds: int = Field(default=7 * 24 * 3600, ge=60, le=8 * 24 * 3600)
    exposure_ceiling: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Greatest share of a tenant's tests that may show an item. Raised for "
        "competences with too few items for it.",
    )
    metrics_token: str | None = Field(
        default=None, description="Bearer token of /metrics; without it only loopback may read it."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port that serves metrics and nothing else, without a token.",
    )
    metrics_host: str = "127.0.0.1"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
