"""The server's verbs of the command line. One file per verb or pair of verbs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

VERBS = (
    "demo",
    "serve",
    "allocator",
    "unblinded",
    "serve_notices",
    "register_unblinded",
    "generate",
    "database_roles",
    "tick",
    "worker",
    "list_registry",
    "verify",
    "standing",
    "status",
    "analyse",
    "export",
    "finalising",
    "import_dictionary",
    "backup",
    "rotate_factor_key",
    "token",
    "labels",
)
"""Modules of this package, each with `register(app)`."""


def register(app: typer.Typer) -> None:
    """Add every verb that is there."""
    for verb in VERBS:
        name = f"{__name__}.{verb}"
        if find_spec(name) is not None:
            import_module(name).register(app)
