"""An allocator in a process of its own, for the tests; it can be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.db import connections

from equipoise_server.allocator import client, frames, messages, sockets
from equipoise_server.commands.children import wait_for_socket

SOURCE = Path(__file__).parents[2] / "src"
SECONDS = 300  # that a busy machine may take for one answer
START = "from equipoise.cli import main; main()"


class Allocator:
    """Holds the vault of `instance` in `folder`; everything else goes on without it."""

    def __init__(self, instance: SimpleNamespace, folder: Path, *, move: bool = False) -> None:
        self.folder = folder
        self.environment = {**os.environ, **instance.environment, "PYTHONPATH": str(SOURCE)}
        folder.mkdir(mode=0o700)
        connections["vault"].close()
        for file in instance.folder.glob("vault.*"):
            place = folder / file.name
            if move:
                shutil.move(file, place)
            else:
                place.symlink_to(file)
        self.blinded, self.unblinded = folder / "allocator.sock", folder / "unblinded.sock"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        doors = ("--socket", str(self.blinded), "--unblinded-socket", str(self.unblinded))
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, "allocator", "--dir", str(self.folder), *doors],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        wait_for_socket(self.blinded, self.process)

    def kill(self) -> None:
        """No chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()
        self.process.wait(SECONDS)

    def raw(self, content: bytes, *, unblinded: bool = False) -> bytes:
        """Everything that comes back for these bytes."""
        door = self.unblinded if unblinded else self.blinded
        with sockets.connect(door, seconds=SECONDS) as connection:
            connection.sendall(content)
            received = b""
            while part := connection.recv(65536):
                received += part
        return received

    def ask(self, verb: str, *, unblinded: bool = False, **given: object) -> bytes:
        """The raw answer to one message."""
        return self.raw(frames.pack(messages.question(verb, given, "n")), unblinded=unblinded)


def through(allocator: Allocator | None, *, unblinded: bool = False) -> None:
    """Let this process ask that allocator, or its own embedded one again."""
    settings.EQUIPOISE_ALLOCATOR_SOCKET = str(allocator.blinded) if allocator else ""
    settings.EQUIPOISE_UNBLINDED_SOCKET = (
        str(allocator.unblinded) if allocator and unblinded else ""
    )
    assert client.commitment()
