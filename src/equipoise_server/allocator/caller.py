"""Asking an allocator that runs as a process of its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from equipoise.errors import AllocatorSilent
from equipoise_server.allocator import frames, messages, sockets

PATIENCE = 30.0  # seconds for an answer
WHILE_IT_RESTARTS = 20.0  # seconds in which a message is sent again
PAUSE = 0.1


def ask(path: Path, verb: str, given: Mapping[str, Any], *, again: bool) -> Any:
    """The allocator's answer; with `again`, the message is repeated where none came.

    Only what has the same answer when it is asked twice may be asked again.

    Raises:
        AllocatorSilent: no answer. Whether the allocator acted is not known.
        EquipoiseError: its refusal.

    """
    until = time.monotonic() + (WHILE_IT_RESTARTS if again else 0)
    while True:
        try:
            return _once(path, verb, given)
        except (OSError, EOFError, frames.FrameError) as problem:
            if time.monotonic() >= until:
                raise AllocatorSilent("is it running?") from problem
            time.sleep(PAUSE)


def _once(path: Path, verb: str, given: Mapping[str, Any]) -> Any:
    nonce = token_hex(16)
    with sockets.connect(path, seconds=PATIENCE) as connection:
        connection.sendall(frames.pack(messages.question(verb, given, nonce)))
        content = frames.unpack(lambda: _frame(connection))
    return messages.answered(content, nonce)


def _frame(connection: socket.socket) -> bytes:
    received = bytearray()
    while len(received) < frames.FRAME:
        part = connection.recv(frames.FRAME - len(received))
        if not part:
            raise EOFError
        received += part
    return bytes(received)
