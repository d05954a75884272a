"""`equipoise worker`: what an instance needs by itself, again and again, until it is stopped.

`equipoise serve` runs one as its child; alone it is for machines on which mail leaves from
somewhere else than the web.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from equipoise.errors import EquipoiseError
from equipoise_server.commands import children
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Every = Annotated[float, typer.Option("--every", min=1.0, help="Seconds between two rounds.")]
Child = Annotated[bool, typer.Option("--child", hidden=True)]
log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("worker", help="Send mail, reminders and digests until stopped.")(work)


def work(folder: Folder = DEFAULT, every: Every = 15.0, child: Child = False) -> None:
    """Send what waits, remind, forget; one round that fails does not end the others."""
    if child:
        children.die_with_parent()
    open_instance(folder)
    from django.db import DatabaseError, close_old_connections

    stop, night = children.Stop(), date.min
    while not stop.asked:
        now = datetime.now(UTC)
        try:
            _round(now, nightly=now.date() != night)
            night = now.date()
        except (DatabaseError, OSError, EquipoiseError) as problem:
            log.warning("this round was cut short (%s); the next follows", type(problem).__name__)
        close_old_connections()
        _rest(every, stop)


def _round(at: datetime, *, nightly: bool) -> None:
    from equipoise_server.services.background.look_after_portal import look_after_portal
    from equipoise_server.services.own_pages.remind_participants import care_for_participants

    care_for_participants(at=at)
    look_after_portal(at=at, nightly=nightly)


def _rest(seconds: float, stop: children.Stop) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop.asked:
        children.look_again()
