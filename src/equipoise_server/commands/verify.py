"""`equipoise verify`: is everything as it was written?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.answer import BROKEN, DONE, JsonFlag, leave, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

if TYPE_CHECKING:
    from equipoise_server.services.verify import Verification

CheckpointFile = Annotated[
    Path | None, typer.Option("--checkpoint", help="A checkpoint that was kept elsewhere.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("verify", help="Recompute every digest and replay the ledger.")(verify_instance)


def verify_instance(
    folder: Folder = DEFAULT, checkpoint: CheckpointFile = None, as_document: JsonFlag = False
) -> None:
    """Verify an instance; exit code 3 where anything contradicts anything."""
    open_instance(folder, damaged=True)
    from equipoise_server.services.verify import verify

    found = verify(checkpoint)
    if as_document:
        write_json(_document(found))
    else:
        _show(found)
    leave(DONE if found.sound else BROKEN)


def _document(found: Verification) -> dict[str, Any]:
    return {
        "ledger": {
            "chains": found.chains,
            "entries": found.entries,
            "versions": found.versions,
            "broken": [asdict(one) for one in found.broken],
        },
        "replay": {
            "participants": found.participants,
            "kits": found.kits,
            "differences": [asdict(one) for one in found.differences],
        },
        "allocation": {"commitment": found.commitment, "matches": found.matches},
    }


def _show(found: Verification) -> None:
    out = page()
    out.print(
        f"{found.entries} entries in {found.chains} chains, {found.versions} record versions, "
        f"{found.participants} participants and {found.kits} kits replayed."
    )
    for bad in found.broken:
        out.print(f"BROKEN {bad.table} {bad.row}: {bad.why}.", soft_wrap=True)
    for difference in found.differences:
        out.print(
            f"DIFFERENT {difference.of} {difference.column}: {difference.why}.", soft_wrap=True
        )
    said = {None: "not yet released", True: "matches the list", False: "DOES NOT MATCH the list"}
    out.print(f"Commitment {found.commitment}: {said[found.matches]}.", soft_wrap=True)
    if found.sound:
        out.print("Everything is as it was written.")
