"""`equipoise tick`: what a timer runs."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from equipoise.cli.answer import DONE, FINDINGS, JsonFlag, leave, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("tick", help="Finish what was interrupted and sign a checkpoint.")(tick_instance)


def tick_instance(folder: Folder = DEFAULT, as_document: JsonFlag = False) -> None:
    """Run once; exit code 1 where somebody has to look at a participant."""
    open_instance(folder)
    from equipoise_server.services.background.tick import tick

    done = tick(at=datetime.now(UTC))
    if as_document:
        write_json(
            {
                "checkpoint": str(done.checkpoint),
                "finished": list(done.finished),
                "refused": list(done.refused),
                "list_low": done.alarms.list_low,
                "sites_low": list(done.alarms.sites),
            }
        )
    else:
        page().print(f"Checkpoint {done.checkpoint}", soft_wrap=True)
        for code in done.finished:
            page().print(f"{code}: randomisation finished.")
        for code in done.refused:
            page().print(f"{code}: an interrupted randomisation is refused now. Look at it.")
        if done.alarms.list_low:
            page().print("The randomisation list is running low. Call the trial office.")
        for site in done.alarms.sites:
            page().print(f"Site {site} is running low on kits. Send a consignment.")
    leave(FINDINGS if done.refused or done.alarms.list_low else DONE)
