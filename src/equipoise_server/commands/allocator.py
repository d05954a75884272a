"""`equipoise allocator`: the process that alone opens the vault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, messages, write_json
from equipoise.errors import UnknownRecord, UnsafeDatabase
from equipoise_server.commands.children import die_with_parent
from equipoise_server.commands.instance import DEFAULT, SECRET, Folder

VAULT_KEY = "vault.key"
SOCKET = "allocator.sock"
UNBLINDED_SOCKET = "unblinded.sock"

Blinded = Annotated[
    Path | None, typer.Option("--socket", help="The blinded door; DIR/run/allocator.sock.")
]
Unblinded = Annotated[
    Path | None, typer.Option("--unblinded-socket", help="The other; DIR/run/unblinded.sock.")
]
Rehearsal = Annotated[Path | None, typer.Option("--rehearsal-socket", hidden=True)]
Child = Annotated[bool, typer.Option("--child", hidden=True)]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing when it listens.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("allocator", help="Run the allocator: it alone opens the vault.")(allocator)


def allocator(
    folder: Folder = DEFAULT,
    blinded: Blinded = None,
    unblinded: Unblinded = None,
    rehearsal: Rehearsal = None,
    child: Child = False,
    quiet: Quiet = False,
    as_document: JsonFlag = False,
) -> None:
    """Answer until stopped. DIR needs to hold the vault and its key, and nothing else."""
    open_vault(folder)
    from equipoise_server.allocator import listener, rehearsing, verbs

    one, other = blinded or folder / "run" / SOCKET, unblinded or folder / "run" / UNBLINDED_SOCKET
    doors = {one: verbs.BLINDED, other: verbs.UNBLINDED}
    if rehearsal is not None:
        rehearsing.require_demonstration()
        doors[rehearsal] = verbs.REHEARSAL

    def tell() -> None:
        if as_document:
            write_json({"socket": str(one), "unblinded_socket": str(other)})
        elif not quiet:
            messages().print(f"The allocator listens at {one}", soft_wrap=True)

    if child:
        die_with_parent()
    listener.serve(doors, ready=tell)


def open_vault(folder: Path) -> None:
    """Open the vault, and no other database, in this process.

    Raises:
        UnknownRecord: the folder holds neither an instance nor a vault key.
        UnsafeDatabase: the vault is damaged, or not of this version.

    """
    os.umask(0o077)
    if not any((folder / name).is_file() for name in (VAULT_KEY, SECRET)):
        raise UnknownRecord(f"vault in {folder}")
    os.environ["EQUIPOISE_DIR"] = str(folder.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
    for door in ("EQUIPOISE_ALLOCATOR_SOCKET", "EQUIPOISE_UNBLINDED_SOCKET"):
        os.environ.pop(door, None)
    import django
    from django.db import DatabaseError, connections

    django.setup()
    from equipoise_server import databases
    from equipoise_server.allocator import client

    try:
        why = databases.unsafe(connections["vault"])
        if databases.behind("vault"):
            why = "the tables of vault are not those of this version"
        missing = client.unguarded()
    except DatabaseError as problem:
        raise UnsafeDatabase(f"the vault cannot be opened ({problem})") from problem
    if why or missing:
        raise UnsafeDatabase(why or f"the trigger {missing[0]} is missing")
