"""Clients that are slow, silent or rude, at a service that runs as a process."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.support.service_process import ServiceProcess, served

IMPATIENT = {"PACNUM_HEAD_TIMEOUT_SECONDS": "0.5", "PACNUM_BODY_TIMEOUT_SECONDS": "0.5"}
HEAD = b"POST /oauth/token HTTP/1.1\r\nHost: served.test\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"


@pytest.fixture(scope="module")
def service(served_database_url: str) -> Iterator[ServiceProcess]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in IMPATIENT.items():
            patch.setenv(name, value)
        with served(served_database_url) as running:
            yield running


def connected(service: ServiceProcess) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(service.url.rsplit(":", 1)[1])))
    connection.settimeout(10)
    return connection


def told(connection: socket.socket) -> bytes:
    """All that the server says until it hangs up."""
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said


def test_a_connection_that_says_nothing_is_closed(service: ServiceProcess) -> None:
    with connected(service) as silent:
        assert told(silent) == b""


@pytest.mark.parametrize("start", [HEAD, BODY], ids=["head", "body"])
def test_a_request_that_does_not_come_is_told_so(service: ServiceProcess, start: bytes) -> None:
    with connected(service) as slow:
        slow.sendall(start)
        head, _, body = told(slow).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["code"] == "request_timeout"


def test_bytes_now_and_then_do_not_keep_it_open(service: ServiceProcess) -> None:
    with connected(service) as slow:
        slow.sendall(HEAD)
        sent = 0
        with suppress(ConnectionError):
            while sent < 100:
                slow.sendall(b"x")
                sent += 1
                time.sleep(0.05)
        assert sent < 80


def test_a_second_request_is_waited_for_no_longer(service: ServiceProcess) -> None:
    """Not even for an empty line before it, which ends the wait that is meant for idleness."""
    get = b"GET /healthz HTTP/1.1\r\nHost: served.test\r\n\r\n"
    with connected(service) as kept:
        for _ in range(2):
            kept.sendall(get)
            said = b""
            while not said.endswith(b'{"status":"ok"}'):
                said += kept.recv(65536)
            assert said.startswith(b"HTTP/1.1 200")
        kept.sendall(b"\r\n")
        assert told(kept) == b""


def test_requests_are_served_meanwhile(service: ServiceProcess) -> None:
    slow = [connected(service) for _ in range(60)]
    for number, connection in enumerate(slow):
        connection.sendall((b"", HEAD, BODY)[number % 3])
    assert httpx.get(f"{service.url}/.well-known/jwks.json", timeout=5).status_code == 200
    for connection in slow:
        told(connection)
        connection.close()
