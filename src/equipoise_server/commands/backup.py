"""`equipoise backup` and `equipoise restore`: the drill that every instance must pass."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.answer import BROKEN, DONE, JsonFlag, leave, page, write_json
from equipoise_server.commands.instance import (
    DEFAULT,
    Folder,
    open_instance,
    ready_for_restore,
)

if TYPE_CHECKING:
    from equipoise_server.services.backup.making import Backup

KEYS_NAME = "equipoise.keys"
File = Annotated[Path, typer.Argument(metavar="FILE", help="The archive of the data.")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        help=f"The archive of the keys, kept apart from FILE; {KEYS_NAME} beside it by default.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("backup", help="Back up an instance while it works.")(backup)
    app.command("restore", help="Put a backup back in a new folder, and verify it.")(restore)


def backup(
    file: File, keys: Keys = None, folder: Folder = DEFAULT, as_document: JsonFlag = False
) -> None:
    """Back up everything that this user can open; say what was left out."""
    open_instance(folder)
    from equipoise_server.services.backup.making import make

    made = make(file, keys or file.with_name(KEYS_NAME), at=datetime.now(UTC))
    if as_document:
        write_json(
            {
                "sha256": made.data.sha256,
                "participants": made.participants,
                "entries": made.entries,
                "data": asdict(made.data),
                "keys": asdict(made.keys),
                "left_out": list(made.left_out),
            }
        )
    else:
        _show(made)


def _show(made: Backup) -> None:
    out = page()
    out.print(f"{made.data.path}: {made.data.bytes:,} bytes, SHA-256 {made.data.sha256}")
    out.print(f"{made.participants} participants, {made.entries} ledger entries.")
    out.print(f"Keep {made.keys.path} somewhere else, and only the newest of it.", soft_wrap=True)
    if made.left_out:
        left = ", ".join(made.left_out)
        out.print(
            f"Not in it, because this user cannot open it: {left}. Its keeper backs it up.",
            soft_wrap=True,
        )


def restore(
    file: File, keys: Keys = None, folder: Folder = DEFAULT, as_document: JsonFlag = False
) -> None:
    """Restore into an empty folder (and empty databases); exit code 3 where it does not verify."""
    from equipoise_server.services.backup import restoring

    locked = keys or file.with_name(KEYS_NAME)
    found = restoring.restore(file, locked, folder, open_it=ready_for_restore)
    sound = _verified(folder) if {"default", "vault"} <= set(found.aliases) else None
    if as_document:
        write_json(
            {
                "sha256": found.sha256,
                "participants": found.participants,
                "entries": found.entries,
                "path": str(folder),
                "verified": sound,
            }
        )
    else:
        said = {
            True: "everything verifies",
            False: "IT DOES NOT VERIFY",
            None: "a part; not verified",
        }
        page().print(
            f"{folder}: {found.participants} participants, {found.entries} entries: {said[sound]}.",
            soft_wrap=True,
        )
    leave(BROKEN if sound is False else DONE)


def _verified(folder: Path) -> bool:
    open_instance(folder, damaged=True)
    from equipoise_server.services.verify import verify

    return verify().sound
