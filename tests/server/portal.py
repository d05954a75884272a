"""What strangers do in the tests of the public side."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.portal import public_limits
from equipoise_server.services.portal.contact_site import Message, contact_site
from equipoise_server.services.portal.sign_up import Wish, confirm, sign_up
from server.cast import NOW
from server.smtp import Server

ANNA = "anna.canary@example.org"


def link_in(text: str, part: str) -> str:
    """The signed end of a link in a letter."""
    found = re.search(rf"/{part}/([^/\s]+)/", text)
    assert found is not None, text
    return found[1]


def volunteer(server: Server, address: str = ANNA, at: datetime = NOW, **more: Any) -> str:
    """Somebody who signed up and confirmed; the token."""
    given: dict[str, Any] = {"topics": ("helicobacter",), "consents": ("alerts",), **more}
    sign_up(Wish(address=address, **given), at=at)
    send_mail(at=at + timedelta(seconds=1))
    return confirm(link_in(server.last(address), "confirm"), at=at)


def write_to(site: str = "s01", at: datetime = NOW, **more: Any) -> str:
    """A message to a site; its token."""
    given: dict[str, Any] = {
        "study": "hp-three",
        "site": site,
        "name": "Anna Canary",
        "address": ANNA,
        "phone": "138 0013 8000",
        "text": "May I take part? My canary sings.",
        "consent": True,
        "answers": {"I2": "fits"},
        "keep_answers": True,
        **more,
    }
    return contact_site(Message(**given), at=at)


def proved(purpose_age: float = 10.0) -> dict[str, str]:
    """What a browser adds to a form after it has done its sum."""
    challenge = public_limits.challenge(timezone.now())
    number = next(
        n
        for n in range(int(challenge["maxnumber"]) + 1)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    kept = {one: challenge[one] for one in ("algorithm", "challenge", "salt", "signature")}
    proof = base64.b64encode(json.dumps({**kept, "number": number}).encode()).decode()
    shown = int(timezone.now().timestamp() - purpose_age)
    return {"proof": proof, "stamp": signing.Signer(salt="equipoise/form").sign(str(shown))}
