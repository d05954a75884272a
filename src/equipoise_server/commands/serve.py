"""`equipoise serve`: the blinded web process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, messages, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.")]
Workers = Annotated[int, typer.Option("--workers", help="Processes that answer requests.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve", help="Serve an instance.")(serve_instance)


def serve_instance(
    folder: Folder = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 2,
    as_document: JsonFlag = False,
) -> None:
    """Serve until stopped."""
    open_instance(folder)
    url = f"http://{host}:{port}/"
    if as_document:
        write_json({"url": url})
    else:
        messages().print(f"Serving {folder} at {url}  (stop with Ctrl-C)")
    run(folder, host, port, workers)


def run(folder: Path, host: str, port: int, workers: int) -> None:
    """Run the web processes in the foreground. Connections are opened after the fork."""
    from django.db import connections
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    connections.close_all()
    os.environ["EQUIPOISE_DIR"] = str(folder.resolve())
    options = {"bind": f"{host}:{port}", "workers": workers, "threads": 4, "loglevel": "warning"}

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from equipoise_server.wsgi import application

            return application

    Server().run()
