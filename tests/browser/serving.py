"""Instances that are served: made once, served once, for every process that runs tests.

Whoever comes first makes an instance and serves it; the others look at the same one. It ends
when nobody looks any more: each holds a lock while it does, which a killed process gives back.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
EARLIER = Path(__file__).parent / "earlier"
PATIENCE = 300  # seconds until a server answers or a letter comes, on a busy machine
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

Found = TypeVar("Found")
Start = Callable[[Path], AbstractContextManager[dict[str, Any]]]


@contextmanager
def shared(folder: Path, start: Start) -> Iterator[SimpleNamespace]:
    """What `start(folder)` tells about what it serves, for every process that asks."""
    folder.mkdir(parents=True, exist_ok=True)
    told, mine = folder / "served.json", ExitStack()
    with (folder / "looking").open("w") as looking:
        with _alone(folder):
            owner = not told.exists()
            if owner:
                told.write_text(json.dumps(mine.enter_context(_first(folder, start))))
            fcntl.flock(looking, fcntl.LOCK_SH)
        try:
            yield SimpleNamespace(**json.loads(told.read_text()))
        finally:
            if owner:
                with _alone(folder):
                    fcntl.flock(looking, fcntl.LOCK_EX)
                    told.unlink()
                    mine.close()


@contextmanager
def _first(folder: Path, start: Start) -> Iterator[dict[str, Any]]:
    """Start it; where that failed once it is not tried again for every test."""
    failed = folder / "failed"
    assert not failed.exists(), "it could not be made or served: see the first error"
    failed.touch()
    with start(folder) as told:
        failed.unlink()
        yield told


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "door").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def environment(**more: str) -> dict[str, str]:
    """The environment of a process of the product."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), **more}


def verb(*words: str) -> list[str]:
    """One verb of the command line, as a command."""
    return [sys.executable, "-c", "from equipoise.cli import main; main()", *words]


def script(name: str, *words: str) -> list[str]:
    """One of the scripts beside this file, as a command."""
    return [sys.executable, str(Path(__file__).parent / name), *words]


def prepared(command: list[str]) -> str:
    """Run a preparation to its end, and what it said; where it fails the test says why."""
    given = {"env": environment(), "cwd": ROOT, "text": True}
    made = subprocess.run(command, capture_output=True, check=False, **given)  # type: ignore[call-overload]
    assert made.returncode == 0, made.stderr
    return str(made.stdout)


def free_port() -> int:
    """A port that nobody listens on, and whose neighbour is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                other.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@contextmanager
def serving(
    instance: Path, port: int, *, worker: bool, more: Mapping[str, str], earlier: float = 0
) -> Iterator[str]:
    """Serve an instance, with a worker that sends its mail where one is wanted; the address.

    `earlier`: pages live so many hours ago.
    """
    words = ("serve", "--port", str(port), "--workers", "1", "--dir", str(instance))
    both = [words, ("worker", "--every", "1", "--dir", str(instance))] if worker else [words]
    then = {"EARLIER_HOURS": str(earlier), "PYTHONPATH": f"{EARLIER}:{ROOT / 'src'}"}
    given = {"env": environment(**more, **(then if earlier else {})), "cwd": ROOT, **QUIET}
    running = [subprocess.Popen(verb(*one), **given) for one in both]  # type: ignore[call-overload]
    try:
        for one in (port, port + 1):
            _wait(f"http://127.0.0.1:{one}", running[0])
        yield f"http://127.0.0.1:{port}"
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(timeout=60)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers: at once on an idle machine, later on a busy one; not where it has ended."""

    def answers() -> bool:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            urllib.request.urlopen(f"{url}/en/sign-in/", timeout=20)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    until(answers, f"the server at {url} to answer")


def until(look: Callable[[], Found], what: str) -> Found:
    """Look until there is something to see; what was seen."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE} seconds for {what}")
