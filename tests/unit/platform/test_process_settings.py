"""What a process takes from its environment, and how it writes its log."""

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog
from pydantic import ValidationError

from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.clock import utc_now
from pacnum_api.platform.database import with_driver
from pacnum_api.platform.logging import LineLogger, configure_logging
from pacnum_api.platform.settings import Settings, default_home, get_settings
from tests.support.log_lines import logged


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


def test_every_line_is_one_json_object() -> None:
    with logged() as lines:
        configure_logging("info")  # twice is once
        log = structlog.stdlib.get_logger("pacnum.test")
        log.info("été", count=1)
        log.debug("not said")
        logging.getLogger("library").warning("old %s", "style")
        logging.getLogger("uvicorn.access").info("GET /v1/agents/0197 HTTP/1.1")
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            log.exception("broken")
            logging.getLogger("library").exception("broken too")
        LineLogger("pacnum.fast").info("quick", id=PUBLIC_TENANT_ID)
        LineLogger("pacnum.fast").error("quick too")
        said = lines()
    events = ["été", "old style", "broken", "broken too", "quick", "quick too"]
    assert [line["event"] for line in said] == events
    assert (said[0]["count"], said[4]["id"]) == (1, str(PUBLIC_TENANT_ID))
    for line in said[2:4]:
        assert "ZeroDivisionError" in str(line["exception"])
    for line in said:
        assert datetime.fromisoformat(line["timestamp"]).tzinfo == UTC
        assert line["timestamp"].endswith("Z")
    levels = ["info", "warning", "error", "error", "info", "error"]
    assert [line["level"] for line in said] == levels
    loggers = ["pacnum.test", "library", "pacnum.test", "library", "pacnum.fast", "pacnum.fast"]
    assert [line["logger"] for line in said] == loggers


def test_the_level_holds_for_all() -> None:
    with logged("error") as lines:
        structlog.stdlib.get_logger("pacnum.test").warning("not said")
        logging.getLogger("library").warning("not said")
        LineLogger("pacnum.fast").info("not said")
        LineLogger("pacnum.fast").error("said")
        assert [line["event"] for line in lines()] == ["said"]


def test_any_value_can_be_said() -> None:
    with logged() as lines:
        log = LineLogger("pacnum.fast")
        log.info("odd", surrogate="\ud800", large=2**70, thing=Path("/x"))
        logging.getLogger("library").info("%d", "no number")
        line, misfit = lines()
    assert misfit["event"] == "%d"
    assert (line["surrogate"], line["large"], line["thing"]) == ("\ud800", 2**70, "PosixPath('/x')")


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError])
def test_a_closed_stream_stops_nobody(error: type[Exception]) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise error(text)

    with logged(), patch("sys.stderr", Closed()):
        configure_logging("info")
        LineLogger("pacnum.fast").info("lost")


def test_bytes_go_out_line_by_line(tmp_path: Path) -> None:
    """As to a process' real standard error: each line is there before the next."""
    file = tmp_path / "log"
    with file.open("w", encoding="ascii") as stream, logged(), patch("sys.stderr", stream):
        configure_logging("info")
        LineLogger("pacnum.fast").info("été")
        assert json.loads(file.read_text("utf-8"))["event"] == "été"
        assert "\\u" not in file.read_text("utf-8")
