"""`equipoise worker`: what an instance needs by itself, again and again, until it is stopped."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from equipoise.cli.answer import messages
from equipoise_server.commands import children
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Every = Annotated[float, typer.Option("--every", min=1.0, help="Seconds between two rounds.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("worker", help="Send mail, reminders and digests until stopped.")(work)


def work(folder: Folder = DEFAULT, every: Every = 15.0) -> None:
    """Send what waits, remind, forget; one round that fails does not end the others."""
    open_instance(folder)
    from django.db import DatabaseError, close_old_connections

    from equipoise_server.services.look_after_portal import look_after_portal

    stop = children.Stop()
    while not stop.asked:
        try:
            look_after_portal(at=datetime.now(UTC))
        except DatabaseError as problem:
            messages().print(
                f"This round was cut short: {type(problem).__name__}. The next follows."
            )
        close_old_connections()
        _rest(every, stop)


def _rest(seconds: float, stop: children.Stop) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop.asked:
        children.look_again()
