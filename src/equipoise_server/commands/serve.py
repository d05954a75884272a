"""`equipoise serve`: the blinded web process and, unless it runs apart, the allocator.

Each is a process of its own. The web process is started knowing the allocator's socket and
so without a vault: it could not open one if it wanted to.
"""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import Popen
from typing import Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, leave, messages, write_json
from equipoise_server.commands import children
from equipoise_server.commands.allocator import SOCKET, UNBLINDED_SOCKET
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance
from equipoise_server.commands.separation import require_separated

DOOR = "EQUIPOISE_ALLOCATOR_SOCKET"
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.")]
Workers = Annotated[int, typer.Option("--workers", help="Processes that answer requests.")]


def register(app: typer.Typer) -> None:
    """Add the verb, and the part of it that runs as its child."""
    app.command("serve", help="Serve an instance.")(serve_instance)
    app.command("serve-web", hidden=True)(web)


def serve_instance(
    folder: Folder = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 2,
    as_document: JsonFlag = False,
) -> None:
    """Serve until stopped."""
    open_instance(folder)
    require_separated(folder)
    url = f"http://{host}:{port}/"
    if as_document:
        write_json({"url": url})
    else:
        messages().print(f"Serving {folder} at {url}  (stop with Ctrl-C)")
    run(folder, host, port, workers)


def run(folder: Path, host: str, port: int, workers: int) -> None:
    """Run the processes until stopped; the allocator is started again should it end."""
    from django.db import connections

    connections.close_all()
    stop = children.Stop()
    apart = os.environ.get(DOOR, "")
    socket = Path(apart) if apart else folder.resolve() / "run" / SOCKET
    allocator = None if apart else _allocator(folder, socket, stop)
    if allocator is not None:
        children.wait_for_socket(socket, allocator)
    web = children.verb(
        "serve-web",
        *("--dir", str(folder), "--host", host, "--port", str(port), "--workers", str(workers)),
        environment=children.environment_of(folder, **{DOOR: str(socket)}),
    )
    stop.children.append(web)
    while web.poll() is None:
        children.look_again()
        if allocator is not None and allocator.poll() is not None and not stop.asked:
            allocator = _allocator(folder, socket, stop)
    if allocator is not None:
        allocator.terminate()
        allocator.wait()
    leave(0 if stop.asked else web.returncode)


def _allocator(folder: Path, socket: Path, stop: children.Stop) -> Popen[bytes]:
    started = children.verb(
        "allocator",
        *("--dir", str(folder), "--socket", str(socket), "--child", "--quiet"),
        *("--unblinded-socket", str(socket.with_name(UNBLINDED_SOCKET))),
        environment=children.environment_of(folder),
    )
    stop.children.append(started)
    return started


def web(
    folder: Folder = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 2,
) -> None:
    """The web processes. Connections are opened after the fork."""
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    children.die_with_parent()
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
