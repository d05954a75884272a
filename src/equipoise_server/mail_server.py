"""Which mail server an instance hands its letters to, read from one address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from equipoise.errors import UnsafeDatabase

SCHEMES = ("smtp", "smtp+starttls", "smtps")
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters go. An empty `host`: nowhere yet, they wait in the queue."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def read(address: str) -> MailServer:
    """The server that `EQUIPOISE_SMTP` names.

    Raises:
        UnsafeDatabase: not an address of a mail server.

    """
    if not address:
        return MailServer()
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise UnsafeDatabase("EQUIPOISE_SMTP is no address such as smtps://user:password@host:465")
    return MailServer(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+starttls",
        tls=parts.scheme == "smtps",
    )
