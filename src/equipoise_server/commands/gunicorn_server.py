"""A web process of this instance: gunicorn, told here what to do and by no file or flag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def serve_until_stopped(application: Callable[[], Any], options: Mapping[str, Any]) -> None:
    """Serve what `application` returns; it is called in each worker, after the fork.

    `options` are gunicorn's own, by their names there.
    """
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    from equipoise_server.commands.slow_clients import Worker, whole_bodies

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in {"worker_class": Worker, **options, "loglevel": "warning"}.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return whole_bodies(application())

    Server().run()
