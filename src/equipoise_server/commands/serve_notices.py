"""What `serve` has done by itself every few seconds: fetch that somebody was unblinded, and what
the safety board decided.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from equipoise_server.commands.children import die_with_parent
from equipoise_server.commands.instance import DEFAULT, Folder

SECONDS = 5.0
log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add the part of `serve` that runs as its child."""
    app.command("serve-notices", hidden=True)(notices)


def notices(
    folder: Folder = DEFAULT, once: Annotated[bool, typer.Option("--once", hidden=True)] = False
) -> None:
    """Look at the vault's outbox again and again. What fails now is there the next time."""
    from equipoise_server.commands.instance import open_instance

    die_with_parent()
    open_instance(folder)
    from django.db import DatabaseError, close_old_connections

    from equipoise_server.services.trial import note_interims, note_unblindings

    while True:
        close_old_connections()
        try:
            note_unblindings.note_quietly(at=datetime.now(UTC))
            note_interims.note_quietly(at=datetime.now(UTC))
        except DatabaseError:
            log.exception("the vault's notices were not entered; they are looked for again")
        if once:
            return
        time.sleep(SECONDS)
