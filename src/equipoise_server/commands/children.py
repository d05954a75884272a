"""Processes that belong to another: they end with it, and it restarts what must not end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from equipoise.errors import AllocatorSilent

_PR_SET_PDEATHSIG = 1
_STARTED_BY = "STARTED_BY_PROCESS"
_START_SECONDS = 120.0  # a busy machine starts slowly; a child that ended is not waited for
_LOOK = 0.2  # seconds


def die_with_parent() -> None:
    """Have the kernel stop this process when the one that started it is gone (Linux).

    Where it is gone already, nobody would tell: then this process ends at once.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.environ.pop(_STARTED_BY, str(os.getppid())) != str(os.getppid()):
        sys.exit(1)


def verb(*words: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start one verb of the command line as a child."""
    start = "from equipoise.cli import main; main()"
    command = [sys.executable, "-P", "-c", start, *words]  # -P: nothing is imported from here
    started_by = {_STARTED_BY: str(os.getpid())}
    return subprocess.Popen(command, env={**environment, **started_by})  # noqa: S603 - our own


def wait_for_socket(path: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens at `path`.

    Raises:
        AllocatorSilent: the child ended, or took too long.

    """
    from equipoise_server.allocator import sockets

    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        try:
            sockets.connect(path, seconds=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AllocatorSilent("it did not start")


Starting = Callable[[], subprocess.Popen[bytes]]


class Stop:
    """Whether this process was asked to stop; it passes the request to its children."""

    def __init__(self) -> None:
        self.asked = False
        self.children: list[subprocess.Popen[bytes]] = []
        self._kept: list[tuple[subprocess.Popen[bytes], Starting]] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def keep(self, child: subprocess.Popen[bytes], start: Starting) -> None:
        """A child that is started again by `start` whenever it ends."""
        if child not in self.children:
            self.children.append(child)
        self._kept.append((child, start))

    def start_again(self) -> None:
        """Start what ended and must not, unless all are to stop."""
        for place, (child, start) in enumerate(self._kept):
            if child.poll() is not None and not self.asked:
                again = start()
                self.children[self.children.index(child)] = again
                self._kept[place] = (again, start)

    def end(self) -> None:
        """Stop every child that still runs, and wait for it."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                child.wait()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        for child in self.children:
            if child.poll() is None:
                child.terminate()


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a child that works on the instance in `folder`."""
    return {**os.environ, "EQUIPOISE_DIR": str(folder.resolve()), **more}


def look_again() -> None:
    """Wait a moment before looking at the children again."""
    time.sleep(_LOOK)
