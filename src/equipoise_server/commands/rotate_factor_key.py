"""`equipoise rotate-factor-key`: encrypt the secrets of second factors anew."""

from __future__ import annotations

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "rotate-factor-key", help="Put a new key in mfa.key and encrypt every secret anew."
    )(rotate_factor_key)


def rotate_factor_key(folder: Folder = DEFAULT, as_document: JsonFlag = False) -> None:
    """Nobody enrols anew, and nothing has to be restarted; keep a copy of the new file."""
    open_instance(folder)
    from equipoise_server.store import factors

    number = factors.rotate()
    path = folder / factors.KEY
    if as_document:
        write_json({"factors": number, "key": str(path)})
    else:
        page().print(
            f"Secrets of {number} second factors are encrypted with a new key. Keep a copy of "
            f"{path}; the old one opens nothing any more.",
            soft_wrap=True,
        )
