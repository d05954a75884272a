"""`equipoise unblinded`: the second web process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.answer import messages
from equipoise.errors import UnknownRecord
from equipoise_server.commands.allocator import UNBLINDED_SOCKET
from equipoise_server.commands.children import die_with_parent
from equipoise_server.commands.gunicorn_server import serve_until_stopped
from equipoise_server.commands.instance import DEFAULT, Folder

DOOR = "EQUIPOISE_UNBLINDED_SOCKET"
Socket = Annotated[
    Path | None,
    typer.Option("--socket", help="The allocator's other door; DIR/run/unblinded.sock."),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.")]
Child = Annotated[bool, typer.Option("--child", hidden=True)]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("unblinded", help="Serve the unblinded side, as a user of its own.")(unblinded)


def unblinded(
    folder: Folder = DEFAULT,
    socket: Socket = None,
    host: Host = "127.0.0.1",
    port: Port = 8001,
    child: Child = False,
) -> None:
    """One process with a few threads: sessions and their keys are in its memory alone.

    Raises:
        UnknownRecord: the folder holds no instance.

    """
    if not (folder / "study").is_dir():
        raise UnknownRecord(f"instance in {folder}")
    os.umask(0o077)
    if child:
        die_with_parent()
    else:
        messages().print(f"The unblinded side is at http://{host}:{port}/  (stop with Ctrl-C)")
    door = socket or Path(os.environ.get(DOOR) or folder.resolve() / "run" / UNBLINDED_SOCKET)
    os.environ["EQUIPOISE_DIR"] = str(folder.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.unblinded.settings"
    os.environ[DOOR] = str(door)
    options = {"bind": f"{host}:{port}", "workers": 1, "threads": 8}

    def application() -> Any:
        from equipoise_server.unblinded import wsgi

        return wsgi.application

    serve_until_stopped(application, options)
