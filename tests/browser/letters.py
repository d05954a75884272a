"""A real mail server of our own that keeps its letters in a folder, for every process to read."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from .serving import free_port, until


class Box:
    """Takes every letter."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count(len(list(folder.iterdir())))

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        name = self.folder / f"{next(self.numbers):06}"
        name.write_bytes(envelope.content)
        name.rename(name.with_suffix(".eml"))
        return "250 taken"


@contextmanager
def letter_box(folder: Path) -> Iterator[str]:
    """Take letters into this folder; the address of the server."""
    folder.mkdir(exist_ok=True)
    controller = Controller(Box(folder), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def texts(folder: Path, address: str) -> list[str]:
    """What this address got, the newest first."""
    found = []
    for file in sorted(folder.glob("*.eml"), reverse=True):
        letter = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        if letter["To"] == address:
            found.append(str(letter.get_content()))  # type: ignore[attr-defined]
    return found


def link(folder: str | Path, address: str, part: str) -> str:
    """The newest link to `part` that was mailed to somebody, waited for."""

    def look() -> str:
        for text in texts(Path(folder), address):
            found = re.search(rf"http://\S*/{part}/\S*", text)
            if found:
                return found[0]
        return ""

    return until(look, f"a letter to {address} with {part}")
