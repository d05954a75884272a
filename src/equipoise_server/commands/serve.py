"""`equipoise serve`: the web, the worker and, unless they run apart, allocator and unblinded.

Each is a process of its own. The web process is started knowing the allocator's blinded socket
and so without a vault: it could not open one if it wanted to. The unblinded process is started
knowing the other socket. Where the allocator runs apart, so does the unblinded process, each as
its own user (`equipoise allocator`, `equipoise unblinded`), and this starts the web alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, leave, messages, write_json
from equipoise_server.commands import children
from equipoise_server.commands.allocator import SOCKET, UNBLINDED_SOCKET
from equipoise_server.commands.gunicorn_server import serve_until_stopped
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance
from equipoise_server.commands.separation import require_separated

DOOR = "EQUIPOISE_ALLOCATOR_SOCKET"
URL = "EQUIPOISE_UNBLINDED_URL"
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.")]
UnblindedPort = Annotated[
    int, typer.Option("--unblinded-port", help="The port of the unblinded side; 0: the next one.")
]
Workers = Annotated[int, typer.Option("--workers", help="Processes that answer requests.")]


def register(app: typer.Typer) -> None:
    """Add the verb, and the part of it that runs as its child."""
    app.command("serve", help="Serve an instance.")(serve_instance)
    app.command("serve-web", hidden=True)(web)


def serve_instance(
    folder: Folder = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    unblinded_port: UnblindedPort = 0,
    workers: Workers = 2,
    as_document: JsonFlag = False,
) -> None:
    """Serve until stopped."""
    open_instance(folder)
    require_separated(folder)
    at = Place(host=host, port=port, unblinded_port=unblinded_port or port + 1, workers=workers)
    if as_document:
        write_json({"url": at.url, "unblinded_url": at.unblinded_url})
    else:
        messages().print(f"Serving {folder} at {at.url}  (stop with Ctrl-C)")
        if at.unblinded_url:
            messages().print(f"Unblinded side at {at.unblinded_url}")
        if not os.environ.get("EQUIPOISE_SMTP"):
            messages().print("No mail server is set (EQUIPOISE_SMTP): letters wait.")
    run(folder, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen, and with how many processes for the web."""

    host: str
    port: int
    unblinded_port: int
    workers: int

    @property
    def url(self) -> str:
        """The address of the blinded side."""
        return f"http://{self.host}:{self.port}/"

    @property
    def unblinded_url(self) -> str | None:
        """The address of the other side, where this starts it."""
        return None if os.environ.get(DOOR) else f"http://{self.host}:{self.unblinded_port}/"


def run(folder: Path, at: Place) -> None:
    """Run the processes until stopped; all but the web are started again should they end."""
    from django.db import connections

    connections.close_all()
    stop = children.Stop()
    apart = os.environ.get(DOOR, "")
    socket = Path(apart) if apart else folder.resolve() / "run" / SOCKET
    knowing = children.environment_of(
        folder, **{DOOR: str(socket), URL: at.unblinded_url or os.environ.get(URL, "")}
    )
    if not apart:
        allocator = _allocator(folder, socket)
        stop.keep(allocator, lambda: _allocator(folder, socket))
        children.wait_for_socket(socket, allocator)
    web = children.verb("serve-web", *_web_words(folder, at), environment=knowing)
    stop.children.append(web)
    stop.keep(_notices(folder, knowing), lambda: _notices(folder, knowing))
    stop.keep(_worker(folder, knowing), lambda: _worker(folder, knowing))
    if not apart:
        stop.keep(_unblinded(folder, at, socket), lambda: _unblinded(folder, at, socket))
    while web.poll() is None:
        children.look_again()
        stop.start_again()
    stop.end()
    leave(0 if stop.asked else web.returncode)


def _notices(folder: Path, environment: Mapping[str, str]) -> Popen[bytes]:
    return children.verb("serve-notices", "--dir", str(folder), environment=environment)


def _worker(folder: Path, environment: Mapping[str, str]) -> Popen[bytes]:
    """Mail, reminders, digests and forgetting."""
    return children.verb("worker", "--dir", str(folder), "--child", environment=environment)


def _web_words(folder: Path, at: Place) -> tuple[str, ...]:
    listen = ("--host", at.host, "--port", str(at.port), "--workers", str(at.workers))
    return ("--dir", str(folder), *listen)


def _unblinded(folder: Path, at: Place, socket: Path) -> Popen[bytes]:
    door = socket.with_name(UNBLINDED_SOCKET)
    return children.verb(
        "unblinded",
        *("--dir", str(folder), "--socket", str(door), "--child"),
        *("--host", at.host, "--port", str(at.unblinded_port)),
        environment=children.environment_of(folder),
    )


def _allocator(folder: Path, socket: Path) -> Popen[bytes]:
    return children.verb(
        "allocator",
        *("--dir", str(folder), "--socket", str(socket), "--child", "--quiet"),
        *("--unblinded-socket", str(socket.with_name(UNBLINDED_SOCKET))),
        environment=children.environment_of(folder),
    )


def web(
    folder: Folder = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 2,
) -> None:
    """The web processes. Connections are opened after the fork."""
    children.die_with_parent()
    os.environ["EQUIPOISE_DIR"] = str(folder.resolve())
    options = {"bind": f"{host}:{port}", "workers": workers, "threads": 4}

    def application() -> Any:
        from equipoise_server import wsgi

        return wsgi.application

    serve_until_stopped(application, options)
