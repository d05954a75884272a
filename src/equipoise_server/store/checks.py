"""Django system checks of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

from equipoise_server.databases import unsafe


@register(Tags.database)
def databases_are_durable(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any
) -> list[Error]:
    """Every database keeps what it acknowledged."""
    problems = ((alias, unsafe(connections[alias])) for alias in databases or ())
    return [Error(f"{alias}: {why}", id="equipoise.E001") for alias, why in problems if why]
