"""One login per role of a demonstration, written where its own pages can read them.

A demonstration holds simulated participants alone and can never become a live study, so its
passwords and second factors are no secret: the sign-in pages show them. `totp` is the secret of
the login's authenticator app, in Base32.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from pathlib import Path

from equipoise.protocol.roles import UNBLINDED

FILE = "logins.json"
PINS = "unblinded-logins.json"
TOLD = frozenset({"investigator", *UNBLINDED})
Login = dict[str, str]


def new_password() -> str:
    """A password for every login of one demonstration."""
    return f"demo-{secrets.token_hex(5)}"


def write_logins(folder: Path, entries: list[Login]) -> None:
    """Keep the logins beside the databases."""
    (folder / FILE).write_text(json.dumps(entries, indent=2), encoding="utf-8")


def write_pins(folder: Path, entries: list[Login], *, by: str, at: datetime) -> None:
    """Enter the demonstration's people in the vault's register, all with one PIN; keep it too.

    Call it where the vault is kept. The investigators get the right of emergency unblinding at
    their site; nobody but the vault's register says so.
    """
    from equipoise_server.allocator import register

    pin = f"demo-{secrets.token_hex(4)}"
    known = [one for one in entries if one["role"] in TOLD]
    known.append({"role": "safety reporter", "username": "safety-reporter", "site": ""})
    for one in known:
        name, site = one["username"], one["site"]
        sites = [site] if site else None
        register.enter(username=name, role=one["role"], by=by, at=at, sites=sites)
        register.set_pin_of_demonstration(person=name, pin=pin, at=at)
    kept = [
        {**{key: one[key] for key in ("role", "username", "site")}, "pin": pin} for one in known
    ]
    (folder / PINS).write_text(json.dumps(kept, indent=2), encoding="utf-8")


def pins(folder: Path) -> list[Login]:
    """The PINs of a demonstration's unblinded side, none where there are none."""
    path = folder / PINS
    found: list[Login] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found


def logins(folder: Path) -> list[Login]:
    """The logins of a demonstration, none where there are none."""
    path = folder / FILE
    found: list[Login] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found
