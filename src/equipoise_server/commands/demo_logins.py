"""One login per role of a demonstration, written where its own pages can read them.

A demonstration holds simulated participants alone and can never become a live study, so its
passwords are no secret: the sign-in page shows them.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

FILE = "logins.json"
Login = dict[str, str]


def new_password() -> str:
    """A password for every login of one demonstration."""
    return f"demo-{secrets.token_hex(5)}"


def write_logins(folder: Path, entries: list[Login]) -> None:
    """Keep the logins beside the databases."""
    (folder / FILE).write_text(json.dumps(entries, indent=2), encoding="utf-8")


def logins(folder: Path) -> list[Login]:
    """The logins of a demonstration, none where there are none."""
    path = folder / FILE
    found: list[Login] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found
