"""The service as a process: killed between two answers, and asked to stop."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

import httpx
import pytest

from tests.support.service_process import ServiceProcess, new_client, token_for
from tests.support.simulated_agent import Document, answer_to, path_of, session_body

SECONDS = 30


class Browser:
    """An agent's browser: it holds the session token and the address, and nothing else."""

    def __init__(self, service: ServiceProcess, session: Document) -> None:
        self.session = session
        self.http = httpx.Client(
            base_url=service.url,
            headers={"Authorization": f"Bearer {session['session_token']}"},
            timeout=SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def read(self) -> Document:
        seen: Document = self.http.get(path_of(self.session)).raise_for_status().json()
        return seen

    def skip(self, pending: Document) -> Document:
        reply = self.http.post(path_of(self.session, "answers"), json=answer_to(pending, None))
        assert reply.status_code == 201, reply.text
        accepted: Document = reply.json()
        return accepted


def begin(service: ServiceProcess, client: dict[str, str], **options: Any) -> Document:
    token = token_for(service, client)
    reply = httpx.post(
        f"{service.url}/v1/test-sessions",
        json=session_body(**options),
        headers={"Authorization": f"Bearer {token}"},
        timeout=SECONDS,
    )
    assert reply.status_code == 201, reply.text
    session: Document = reply.json()
    return session


def answer_on(browser: Browser, replies: list[Document]) -> None:
    """Answer until the test, or the server, is no more."""
    pending = browser.session["pending_item"]
    with suppress(httpx.TransportError):
        while pending is not None:
            replies.append(browser.skip(pending))
            pending = replies[-1]["pending_item"]


@contextmanager
def busy(browser: Browser, replies: list[Document]) -> Iterator[None]:
    """While an agent answers one item after another: it has begun, and is over afterwards."""
    taker = threading.Thread(target=answer_on, args=(browser, replies))
    taker.start()
    while len(replies) < 5:
        assert taker.is_alive()
        time.sleep(0.001)
    yield
    taker.join(timeout=SECONDS)
    assert not taker.is_alive()


class Host:
    """Where the service runs: starts it when it is needed and does not run."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.client = new_client(database_url)
        self.running = ServiceProcess(database_url)

    def service(self) -> ServiceProcess:
        if self.running.process.poll() is not None:
            self.running = ServiceProcess(self.database_url)
        return self.running


@pytest.fixture(scope="module")
def host(served_database_url: str) -> Iterator[Host]:
    found = Host(served_database_url)
    yield found
    found.running.process.kill()
    found.running.process.wait()


def test_a_killed_server_forgets_nothing(host: Host) -> None:
    """kill -9 between two answers: the same item is pending, and the test goes on to its end."""
    session = begin(host.service(), host.client)
    with Browser(host.service(), session) as browser:
        reply = browser.skip(session["pending_item"])
        before = browser.read()
        host.service().kill()
        with pytest.raises(httpx.TransportError):
            browser.read()
    with Browser(host.service(), session) as browser:
        after = browser.read()
        assert after == before
        assert after["pending_item"] == reply["pending_item"]
        assert browser.skip(session["pending_item"]) == reply  # sent again, in case it was lost
        pending = after["pending_item"]
        while pending is not None:
            pending = browser.skip(pending)["pending_item"]
        result = browser.http.get(path_of(session, "result")).json()
        assert result["state"] == "finished"
        assert [one["competence"] for one in result["competences"]] == session["competences"]


def test_killed_in_the_middle_of_answers_each_counts_wholly_or_not_at_all(host: Host) -> None:
    """Answers pour in while the process dies; whatever was replied to is there afterwards."""
    replies: list[Document] = []
    session = begin(host.service(), host.client, competences=None)
    with Browser(host.service(), session) as browser, busy(browser, replies):
        host.service().kill()
    with Browser(host.service(), session) as browser:
        after = browser.read()
        # the last answer may have been stored without its reply getting through
        assert after["progress"]["answered"] in {len(replies), len(replies) + 1}
        if after["progress"]["answered"] == len(replies):
            assert after["pending_item"] == replies[-1]["pending_item"]


def test_asked_to_stop_it_replies_to_what_it_has_taken(host: Host) -> None:
    replies: list[Document] = []
    session = begin(host.service(), host.client, competences=None)
    with Browser(host.service(), session) as browser, busy(browser, replies):
        host.service().terminate()
        assert host.running.ended() in {0, -signal.SIGTERM}
    with Browser(host.service(), session) as browser:
        assert browser.read()["progress"]["answered"] == len(replies)
