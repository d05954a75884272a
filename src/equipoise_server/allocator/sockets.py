"""Unix sockets whose path may be longer than the kernel's 107 bytes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST = 100


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of `path` that fits, through a handle on its folder."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, in place of one that a dead process left.

    Only its owner may connect, and the group of the folder where the folder lets it in.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = path.parent.stat()
    before = os.umask(0o117 if folder.st_mode & stat.S_IXGRP else 0o177)
    try:
        with _short(path) as name:
            listening.bind(name)
    finally:
        os.umask(before)
    if os.geteuid() in (0, folder.st_uid):
        os.chown(path, -1, folder.st_gid)
    listening.listen(512)
    return listening


def connect(path: Path, *, seconds: float) -> socket.socket:
    """A connection to whoever listens at `path`; every step of it may take `seconds`.

    Raises:
        OSError: nobody does.

    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        with _short(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection
