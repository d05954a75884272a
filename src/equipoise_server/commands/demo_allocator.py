"""The allocator of a demonstration, in a process of its own while the trial is conducted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equipoise_server.commands import children


@contextmanager
def demo_allocator(folder: Path) -> Iterator[None]:
    """Run it, and ask it instead of opening the vault here.

    Raises:
        AllocatorSilent: it did not start.

    """
    from django.conf import settings
    from django.db import connections

    from equipoise_server.allocator import client

    doors = Path(tempfile.mkdtemp(prefix="equipoise-"))
    blinded, unblinded, rehearsal = (doors / name for name in ("a.sock", "u.sock", "r.sock"))
    connections["vault"].close()
    process = children.verb(
        "allocator",
        *("--dir", str(folder), "--socket", str(blinded), "--unblinded-socket", str(unblinded)),
        *("--rehearsal-socket", str(rehearsal), "--child", "--quiet"),
        environment=children.environment_of(folder),
    )
    try:
        children.wait_for_socket(rehearsal, process)
        settings.EQUIPOISE_ALLOCATOR_SOCKET = str(blinded)
        with client.rehearsing_at(rehearsal):
            yield
    finally:
        settings.EQUIPOISE_ALLOCATOR_SOCKET = ""
        process.terminate()
        process.wait()
        shutil.rmtree(doors, ignore_errors=True)
