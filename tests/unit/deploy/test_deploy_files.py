"""The files that operators use agree with the code and with one another."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pacnum_api.platform.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
VARIABLE = re.compile(r"\bPACNUM_[A-Z_]+\b")
SETTINGS = {f"PACNUM_{name.upper()}": field for name, field in Settings.model_fields.items()}
COMPOSITION_ONLY = {
    "PACNUM_ADMIN_PASSWORD",
    "PACNUM_OWNER_PASSWORD",
    "PACNUM_SERVICE_PASSWORD",
    "PACNUM_SITE",
    "PACNUM_HTTP_PORT",
    "PACNUM_HTTPS_PORT",
    "PACNUM_VERSION",
}


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    composition: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    found: dict[str, Any] = composition["services"]
    return found


def test_the_table_of_settings_is_complete_and_true() -> None:
    rows = re.findall(r"^\| `(PACNUM_\w+)` \| ([^|]+) \|", read("docs/operations.md"), re.MULTILINE)
    documented = {name: default.strip() for name, default in rows}
    assert list(documented) == list(SETTINGS)
    for name, field in SETTINGS.items():
        if field.default_factory is None:
            expected = "none" if field.default is None else f"`{field.default}`"
            assert documented[name] == expected, name


@pytest.mark.parametrize("path", ["compose.yaml", "Dockerfile", "deploy/env.example"])
def test_no_setting_is_misspelt(path: str) -> None:
    assert set(VARIABLE.findall(read(path))) - set(SETTINGS) <= COMPOSITION_ONLY


def test_every_variable_of_the_composition_has_its_line_in_the_example() -> None:
    used = set(re.findall(r"\$\{(PACNUM_\w+)", read("compose.yaml"))) - {"PACNUM_VERSION"}
    assert set(re.findall(r"^(PACNUM_\w+)=", read("deploy/env.example"), re.MULTILINE)) == used


def test_only_the_migration_knows_the_owner(services: dict[str, Any]) -> None:
    knowing = [name for name, service in services.items() if "pacnum_owner" in str(service)]
    assert knowing == ["migrate"]


def test_the_composition_is_what_was_promised(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "migrate", "content", "api-1", "api-2", "worker", "proxy"}
    for name in ("api-1", "api-2", "worker"):
        needs = services[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["read_only"] is True
    published = [name for name, service in services.items() if "ports" in service]
    assert published == ["proxy"]
    for name in ("api-1:8000", "api-2:8000"):
        assert name in read("deploy/Caddyfile")


def test_mounted_files_exist(services: dict[str, Any]) -> None:
    mounts = [mount for service in services.values() for mount in service.get("volumes", ())]
    ours = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert len(ours) == 3
    for path in ours:
        assert (ROOT / path).is_file(), path


def test_the_image_copies_what_the_build_is_given() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    wanted = {path for line in copied for path in line.split()}
    given = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert wanted == given
    for path in wanted:
        assert (ROOT / path).exists(), path


def test_the_image_is_built_from_hashes_alone_and_runs_unprivileged() -> None:
    text = read("Dockerfile").replace("\\\n", " ")
    installs = re.findall(r"pip (?:install|wheel) ([^&\n]*)", text)
    assert len(installs) == 5
    for arguments in installs:
        assert "--require-hashes" in arguments or "--no-index" in arguments, arguments
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["10001:10001"]
    assert "/healthz" in text
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:${PYTHON_VERSION}-slim"] * 2


def test_what_builds_is_what_the_project_says() -> None:
    wanted = re.search(r'requires = \["([^"]+)"\]', read("pyproject.toml"))
    assert wanted
    assert wanted[1] in read("requirements/build.in").splitlines()
    assert f"\n{wanted[1].split('>')[0]}==" in read("requirements/build.lock")
