"""Letters to participants: none after somebody withdrew from contact, and never an arm."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.errors import UnknownRecord
from equipoise_server.services.letters import mail
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.store import life


def tell(
    code: str, template: str, *, key: str, path: str = "/me/", more: Mapping[str, str] | None = None
) -> bool:
    """Queue a letter to a participant; whether there is anywhere to send it and they allow it."""
    if life.state_of(code).withdrew("contact"):
        return False
    try:
        door = door_of(code)
    except UnknownRecord:
        return False
    where = "zh-hans" if door.language == "zh-Hans" else "en"
    mail.queue(
        template=template,
        to=door.address,
        language=door.language,
        context={"link": mail.link(f"/{where}{path}"), **(more or {})},
        key=key,
    )
    return True
