"""A real mail server on this machine: it takes letters, refuses, stalls or is gone."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings

from server import ports


class Server:
    """Collects what it takes. `answer` is given in place of taking; `stall` delays, in seconds."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answer = ""
        self.refused: set[str] = set()
        self.stall = 0.0

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.stall)
        if self.answer:
            return self.answer
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """What this address got."""
        return [one for one in self.letters if one["To"] == address]

    def last(self, address: str) -> str:
        """The text of the last letter to this address."""
        return str(self.to(address)[-1].get_content())


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs, and settings that name it."""
    server, port = Server(), ports.free()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    before = (settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 1
    try:
        yield server
    finally:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = before
        controller.stop()
