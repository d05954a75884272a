"""`equipoise token`: let a program act in one role at one site, for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

By = Annotated[str, typer.Option("--by", help="User name of the person it acts for.")]
Role = Annotated[str, typer.Option("--role", help="A role that this person holds.")]
Site = Annotated[
    str | None, typer.Option("--site", help="The site; none for a role held at all sites.")
]
Days = Annotated[int, typer.Option("--days", help="How long it counts; a year at most.")]
Label = Annotated[str, typer.Option("--label", help="What the program is.")]
Writes = Annotated[bool, typer.Option("--writes", help="It may save records, not only read.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("token", help="Give a program a token for the API.")(token)


def token(
    by: By,
    role: Role,
    label: Label,
    site: Site = None,
    days: Days = 90,
    writes: Writes = False,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Say the token once; only its digest is kept."""
    open_instance(folder)
    from equipoise_server.services.access.program_tokens import issue
    from equipoise_server.store.accounts import person

    at = datetime.now(UTC)
    said = issue(
        label=label,
        role=role,
        site=site,
        until=at + timedelta(days=days),
        writes=writes,
        by=person(by),
        at=at,
        key=f"token/{token_hex(16)}",
    )
    if as_document:
        write_json({"token": said, "until": (at + timedelta(days=days)).isoformat()})
    else:
        page().print(said, soft_wrap=True)
