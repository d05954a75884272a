"""Clients that are slow or gone: others are answered, and half a form is no form."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest

from equipoise_server.commands.slow_clients import Whole, whole_bodies

pytestmark = pytest.mark.once
THREADS = 3
SERVER = f"""
import sys
from equipoise_server.commands import slow_clients
from equipoise_server.commands.gunicorn_server import serve_until_stopped

slow_clients.Worker.grace = float(sys.argv[2])

def application():
    def answer(environment, start):
        try:
            said = environment["wsgi.input"].read()
        except OSError as problem:
            said = str(problem).encode()
        with open(sys.argv[1] + ".seen", "ab") as seen:
            seen.write(said + b"\\n")
        start("200 OK", [("Content-Length", str(len(said)))])
        return [said]
    return answer

options = {{"bind": "unix:" + sys.argv[1], "workers": 1, "threads": {THREADS}}}
serve_until_stopped(application, options)
"""
WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwhole"


def start(at: Path, grace: float) -> subprocess.Popen[bytes]:
    running = subprocess.Popen([sys.executable, "-c", SERVER, str(at), str(grace)])
    while not at.exists():
        assert running.poll() is None
    return running


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that waits long for a request."""
    at = tmp_path_factory.mktemp("patient") / "web"
    running = start(at, 3600)
    yield at
    running.kill()
    running.wait()


def connected(at: Path, stack: ExitStack, sent: bytes) -> socket.socket:
    client = stack.enter_context(socket.socket(socket.AF_UNIX))
    client.connect(str(at))
    client.sendall(sent)
    return client


def answer(client: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    client.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: client.recv(4096), b""))


def test_those_who_send_a_letter_at_a_time_keep_nobody_else_out(tmp_path: Path) -> None:
    at = tmp_path / "web"
    running = start(at, 0.5)
    try:
        with ExitStack() as stack:
            for half in (b"GET / HTTP/1.1\r\nHost: ", WHOLE[:-3]):
                slow = [connected(at, stack, half) for _ in range(2 * THREADS)]
                assert answer(connected(at, stack, WHOLE)).endswith(b"whole")
                assert all(b"whole" not in one.recv(4096) for one in slow)
    finally:
        running.kill()
        running.wait()


def test_half_a_body_is_no_body(patient: Path) -> None:
    with ExitStack() as stack:
        assert answer(connected(patient, stack, WHOLE)).endswith(b"whole")
        answer(connected(patient, stack, WHOLE[:-2]))
        assert answer(connected(patient, stack, WHOLE + WHOLE)).count(b"whole") == 2
    seen = patient.with_name("web.seen").read_bytes().splitlines()
    assert set(seen) == {b"whole", b"the connection ended before the request did"}


@pytest.mark.parametrize("how", ["read", "read some", "readline", "iterate"])
def test_each_way_of_reading_notices_that_something_is_missing(how: str) -> None:
    def read(body: Whole) -> bytes:
        if how == "iterate":
            return b"".join(body)
        if how == "readline":
            return b"".join(iter(body.readline, b""))
        pieces = iter(lambda: body.read(4), b"") if how == "read some" else [body.read()]
        return b"".join(pieces)

    text = b"a=1\nb=2\nc=3"
    assert read(Whole(BytesIO(text), len(text))) == text
    assert read(Whole(BytesIO(text + b"GET /"), len(text))) == text
    with pytest.raises(OSError, match="ended before"):
        read(Whole(BytesIO(text), len(text) + 1))


@pytest.mark.parametrize("said", ["", "0", "-1", "x", "1 1", None])
def test_a_request_without_a_body_is_left_as_it_is(said: str | None) -> None:
    body = BytesIO(b"")
    given = {"wsgi.input": body, "CONTENT_LENGTH": said}
    assert list(
        whole_bodies(lambda environment, _: [environment["wsgi.input"].read()])(given, None)
    )
    assert given["wsgi.input"] is body
