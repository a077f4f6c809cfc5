"""What a process takes from its environment, and how it writes its log."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError

from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import with_driver
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.settings import Settings, default_home, get_settings


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, Path("/data/pacnum")),
        ("linux", {}, Path.home() / ".local" / "share" / "pacnum"),
        ("darwin", {}, Path.home() / "Library" / "Application Support" / "pacnum"),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/pacnum")),
        ("win32", {}, Path.home() / "pacnum"),
    ],
)
def test_data_live_where_the_platform_keeps_them(
    monkeypatch: pytest.MonkeyPatch, *, system: str, variables: dict[str, str], expected: Path
) -> None:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", system)
    assert default_home() == expected


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACNUM_PORT", "9000")
    monkeypatch.setenv("PACNUM_UNKNOWN", "ignored")
    get_settings.cache_clear()
    assert get_settings().port == 9000
    assert get_settings() is get_settings()
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_ROLE", "x; DROP ROLE y"),
        ("SIGNING_ALGORITHM", "none"),
        ("MAX_BODY_BYTES", "1"),
        ("TOKEN_TTL_SECONDS", "5"),
    ],
)
def test_wrong_values_stop_the_process(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"PACNUM_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    ("url", "driver", "expected"),
    [
        ("postgresql://u:p@h:1/d", "asyncpg", "postgresql+asyncpg://u:p@h:1/d"),
        ("postgresql+asyncpg://u:p@h:1/d?a=b", None, "postgresql://u:p@h:1/d?a=b"),
        ("postgres://h/d", None, "postgresql://h/d"),
        ("postgresql:///d?host=/run", "asyncpg", "postgresql+asyncpg:///d?host=/run"),
        ("postgresql:///d?host=/run&port=5432", None, "postgresql:///d?host=/run&port=5432"),
    ],
)
def test_an_address_for_another_driver(url: str, driver: str | None, expected: str) -> None:
    assert with_driver(url, driver) == expected


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().tzinfo is UTC
    assert utc_now() - utc_now() <= timedelta(0)


# --- logs -----------------------------------------------------------------------------------------


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger and structlog as the test run had them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**known)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.usefixtures("restored")
def test_every_line_is_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("info")
    configure_logging("info")  # twice is once
    structlog.stdlib.get_logger("pacnum.test").info("été", count=1)
    structlog.stdlib.get_logger("pacnum.test").debug("not said")
    logging.getLogger("library").warning("old %s", "style")
    logging.getLogger("uvicorn.access").info("GET /v1/agents/0197 HTTP/1.1")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        structlog.stdlib.get_logger("pacnum.test").exception("broken")
    said = lines(stream)
    assert [line["event"] for line in said] == ["été", "old style", "broken"]
    assert "ZeroDivisionError" in str(said[2]["exception"])
    assert all(str(line["timestamp"]).endswith("Z") for line in said)
    assert [line["level"] for line in said] == ["info", "warning", "error"]
    assert [line["logger"] for line in said] == ["pacnum.test", "library", "pacnum.test"]
    assert "\\u" not in stream.getvalue()
