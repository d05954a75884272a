"""`equipoise register-unblinded`, `release-codes`: the ceremony where the vault is kept.

Nobody is entered through a page or a message. The keeper of the vault enters a person here and
hands over the one-time code on paper; the person sets a PIN with it at the unblinded process.
"""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.errors import UnknownRecord
from equipoise_server.commands.allocator import open_vault
from equipoise_server.commands.instance import DEFAULT, Folder

Person = Annotated[str, typer.Option("--person", help="User name of the person.")]
Role = Annotated[str, typer.Option("--role", help="What they may be told as.")]
Sites = Annotated[
    list[str] | None, typer.Option("--site", help="A site; repeat it. All sites if left out.")
]
Until = Annotated[str, typer.Option("--until", help="Last day, as YYYY-MM-DD.")]
End = Annotated[bool, typer.Option("--end", help="End the role now.")]
By = Annotated[str, typer.Option("--by", help="Who keeps the vault; your account by default.")]
Custodian = Annotated[str, typer.Option("--custodian", help="Who keeps the codes, sealed.")]
Number = Annotated[int, typer.Option("--number", min=1, max=20, help="How many.")]

ROLES = (
    "investigator",
    "pharmacist",
    "releaser",
    "safety reporter",
    "safety-board member",
    "safety-board statistician",
    "unblinded monitor",
)


def register(app: typer.Typer) -> None:
    """Add both verbs."""
    app.command("register-unblinded", help="Enter somebody who may be told, where the vault is.")(
        register_unblinded
    )
    app.command("release-codes", help="Codes for a custodian; each opens one more unblinding.")(
        release_codes
    )


def register_unblinded(
    person: Person,
    role: Role,
    site: Sites = None,
    until: Until = "",
    end: End = False,
    by: By = "",
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Enter a person and print the one-time code; or end a role.

    Raises:
        UnknownRecord: no such role, or a role to end that is not held.

    """
    if role not in ROLES:
        raise UnknownRecord(f"role {role} on the unblinded side; there are {', '.join(ROLES)}")
    last = _end_of(until)
    open_vault(folder)
    from equipoise_server.allocator import register as people

    keeper, at = by or getpass.getuser(), datetime.now(UTC)
    if end:
        people.end(username=person, role=role, by=keeper, at=at)
        _tell(as_document, {"person": person, "role": role, "ended": at.isoformat()}, "Ended.")
        return
    people.enter(username=person, role=role, by=keeper, at=at, sites=site, until=last)
    code = people.give_code(person=person, by=keeper, at=at)
    told: dict[str, object] = {"person": person, "role": role, "sites": site, "code": code}
    _tell(
        as_document,
        told,
        f"{person} is entered as {role}. One-time code, for seven days, on paper and for "
        f"nobody else:\n\n    {code}\n\nWith it {person} sets a PIN at the unblinded side.",
    )


def release_codes(
    custodian: Custodian,
    number: Number = 3,
    by: By = "",
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Make codes that are shown here once and kept nowhere."""
    open_vault(folder)
    from equipoise_server.allocator import register as people

    codes = people.give_release_codes(
        custodian=custodian, number=number, by=by or getpass.getuser(), at=datetime.now(UTC)
    )
    lines = "\n".join(f"    {one}" for one in codes)
    words = f"For {custodian}, to be kept sealed; each opens one more unblinding:\n\n{lines}"
    _tell(as_document, {"custodian": custodian, "codes": list(codes)}, words)


def _end_of(until: str) -> datetime | None:
    if not until:
        return None
    try:
        return datetime.combine(date.fromisoformat(until), time.max, UTC)
    except ValueError as problem:
        raise typer.BadParameter(f"{until!r} is no date as YYYY-MM-DD") from problem


def _tell(as_document: bool, document: dict[str, object], words: str) -> None:
    if as_document:
        write_json(document)
    else:
        page().print(words, soft_wrap=True, highlight=False)
