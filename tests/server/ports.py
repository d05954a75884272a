"""Ports of 127.0.0.1 that no other test process asks for."""

from __future__ import annotations

import os
import socket
from itertools import count

_EACH, _FIRST, _PROCESSES = 40, 10_000, 500
_asked = count(2 * (os.getpid() % _PROCESSES * (_EACH // 2)), 2)
"""Every process begins elsewhere, below the ports that the system gives out by itself."""


def free() -> int:
    """A port that nobody listens on, as on the next one."""
    while True:
        port = _FIRST + next(_asked) % (_EACH * _PROCESSES)
        if _nobody(port) and _nobody(port + 1):
            return port


def _nobody(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
