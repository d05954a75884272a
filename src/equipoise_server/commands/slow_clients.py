"""What a web process does about clients that are slow, or gone in the middle of a request.

A thread reads one request at a time: a handful of connections that send a header a letter at a
time would keep all of them, and nobody else would be answered. So a request must arrive at a
least speed. And a form of which only the beginning arrived must not be taken for the whole.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

GRACE = 10.0
"""Seconds that every request has to arrive, however long it is."""
SLOWEST = 2048
"""Bytes a second that a longer one must bring on the average; an old modem brings more."""
SENDING = 120.0
"""Seconds in which a client must take one piece of an answer."""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Patient(socket.socket):
    """A connection that ends, as if the client had closed it, when a request comes too slowly."""

    _until = 0.0

    def begin(self, grace: float) -> None:
        """A request begins now."""
        self._until = monotonic() + grace

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """The next bytes; none where the client has ended or is too slow.

        Raises:
            TimeoutError: a shorter time that was set on the connection is over.

        """
        left, asked = self._until - monotonic(), self.gettimeout()
        if left <= 0:
            return self._ended()
        self.settimeout(left if asked is None else min(left, asked))
        try:
            found = super().recv(size, flags)
        except TimeoutError:
            if asked is not None and asked <= left:
                raise
            return self._ended()
        finally:
            self.settimeout(SENDING if asked is None else asked)
        self._until += len(found) / SLOWEST
        return found

    def _ended(self) -> bytes:
        """What comes after this is nobody's next request."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RD)
        return b""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, reading from patient connections."""

    grace = GRACE

    def handle(self, conn: Any) -> Any:
        """Read and answer the next request of a connection; its time begins now."""
        if not isinstance(conn.sock, Patient):
            conn.sock = Patient(fileno=conn.sock.detach())
        conn.sock.begin(self.grace)
        return super().handle(conn)


class Whole:
    """The body of a request, of which `length` bytes were promised."""

    def __init__(self, body: Any, length: int) -> None:
        self._body, self._left = body, length

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all.

        Raises:
            OSError: the connection ended before the body did.

        """
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        return self._counted(self._body.read(wanted), wanted)

    def readline(self, size: int = -1) -> bytes:
        """The next line, or the next `size` bytes of it; OSError as above."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        return self._counted(self._body.readline(wanted), min(wanted, 1))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _counted(self, found: bytes, least: int) -> bytes:
        if len(found) < least:
            raise OSError("the connection ended before the request did")
        self._left -= len(found)
        return found


def whole_bodies(application: Application) -> Application:
    """The same application; it never sees the beginning of a body for the whole."""

    def answer(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
        length = _length(environment)
        if length:
            environment["wsgi.input"] = Whole(environment["wsgi.input"], length)
        return application(environment, start)

    return answer


def _length(environment: Mapping[str, Any]) -> int:
    said = str(environment.get("CONTENT_LENGTH") or "")
    return int(said) if said.isdecimal() else 0
