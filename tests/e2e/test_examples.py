"""What the documentation tells people to run is run here, against a server process."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.service_process import ServiceProcess, new_client, served

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
COMPETENCES = ("1.1", "2.2", "2.4")  # among them, their items are of all nine types
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BUILDER = re.compile(r"^  (\w+)\(asked(?:, files)?\) \{$", re.MULTILINE)


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[ServiceProcess]:
    with served(database_url) as running:
        yield running


@pytest.fixture(scope="module")
def client(database_url: str) -> dict[str, str]:
    return new_client(database_url)


def run(
    script: str, *arguments: str, client: Mapping[str, str], **variables: str
) -> subprocess.CompletedProcess[str]:
    """An example as a reader would start it."""
    return subprocess.run(
        [str(EXAMPLES / script), *arguments],
        env={
            **os.environ,
            "CLIENT_ID": client["client_id"],
            "CLIENT_SECRET": client["client_secret"],
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("competence", COMPETENCES)
def test_tour_goes_from_the_token_to_the_recommendations(
    service: ServiceProcess, client: dict[str, str], competence: str
) -> None:
    tour = run("tour.sh", service.url, client=client, COMPETENCE=competence, AGENT=competence)

    assert (tour.returncode, tour.stderr) == (0, "")
    steps = [line[0] for line in tour.stdout.splitlines() if re.match(r"\d\. ", line)]
    assert steps == ["1", "2", "3", "4", "5"]
    assert tour.stdout.count('→ {"type":') >= 2
    assert "the session is finished" in tour.stdout
    assert re.search(r"level \d, between \d and \d with 90 % probability", tour.stdout)
    assert re.search(r"recommendations\n {3}1 .+ – Gain attendu : ", tour.stdout)


def test_tour_shows_the_problem_and_fails(service: ServiceProcess, client: dict[str, str]) -> None:
    tour = run("tour.sh", service.url, client={**client, "client_secret": "pcs_wrong"})

    assert tour.returncode == 1
    assert '"code":"invalid_client"' in tour.stderr
    assert "2. GET" not in tour.stdout


def test_five_calls_of_the_readme_do_what_it_says(
    service: ServiceProcess, client: dict[str, str], tmp_path: Path
) -> None:
    section = (ROOT / "README.md").read_text().split("## Five calls\n")[1].split("\n## ")[0]
    commands = "\n".join(COMMANDS.findall(section))
    assert commands.count("API=http://127.0.0.1:8000\n") == 1

    tour = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=commands.replace("API=http://127.0.0.1:8000\n", f"API={service.url}\n"),
        env={**os.environ, "CLIENT": f"{client['client_id']}:{client['client_secret']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (tour.returncode, tour.stderr) == (0, "")
    framework, session, answer, result, advice = _documents(tour.stdout)
    assert framework["code"] == "digcomp-2.2"
    assert session["pending_item"]["position"] == 1
    assert answer["pending_item"]["position"] == 2
    assert [found["competence"] for found in result["competences"]] == ["1.3"]
    assert advice["recommendations"][0]["reasons"]


def _documents(text: str) -> list[dict[str, Any]]:
    """JSON documents that stand one after the other."""
    found = []
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_link_of_a_begun_session_holds_what_the_page_needs(
    service: ServiceProcess, client: dict[str, str]
) -> None:
    page = "http://127.0.0.1:8080/front-end.html"
    begun = run("begin-session.sh", service.url, page, client=client, LOCALE="en")

    assert (begun.returncode, begun.stderr) == (0, "")
    link = urlsplit(begun.stdout.strip())
    assert link.geturl().startswith(f"{page}#")
    access = {name: values[0] for name, values in parse_qs(link.fragment).items()}
    assert access["api"] == service.url
    session = httpx.get(
        f"{access['api']}/v1/test-sessions/{access['session']}",
        headers={"Authorization": f"Bearer {access['token']}"},
        timeout=30,
    )
    assert session.status_code == 200
    assert session.json()["locale"] == "en"


def test_page_has_a_widget_for_every_item_type_of_the_api(service: ServiceProcess) -> None:
    document = httpx.get(f"{service.url}/openapi.json", timeout=30).json()
    schemas = document["components"]["schemas"]
    widgets = BUILDER.findall((EXAMPLES / "front-end.html").read_text())

    assert sorted(widgets) == sorted(schemas["ItemType"]["enum"])
