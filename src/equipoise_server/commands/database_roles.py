"""`equipoise database-roles`: least privilege on a PostgreSQL server."""

from __future__ import annotations

from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.errors import UnsafeDatabase
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance
from equipoise_server.databases import FILES
from equipoise_server.store.roles import Roles, grant, guarded, make, script

Web = Annotated[str, typer.Option("--web", help="The role of the pages.")]
Unblinded = Annotated[str, typer.Option("--unblinded", help="The role of the unblinded pages.")]
Allocator = Annotated[str, typer.Option("--allocator", help="The role of the allocator.")]
Apply = Annotated[bool, typer.Option("--apply", help="Execute the statements, as the owner.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("database-roles", help="Roles of PostgreSQL, with the least that each needs.")(
        database_roles
    )


def database_roles(
    folder: Folder = DEFAULT,
    web: Web = "eq_web",
    unblinded: Unblinded = "eq_unblinded",
    allocator: Allocator = "eq_allocator",
    apply: Apply = False,
    as_document: JsonFlag = False,
) -> None:
    """Write the statements for `psql`, or execute them. Run again after every upgrade.

    Raises:
        UnsafeDatabase: the instance is on SQLite, where other users do this job.

    """
    open_instance(folder)
    parts = statements(Roles(web=web, unblinded=unblinded, allocator=allocator))
    if apply:
        execute(parts)
    if as_document:
        write_json({"applied": apply, "statements": parts})
    elif not apply:
        typer.echo(script(parts), nl=False)
    else:
        page().print(f"{web}, {unblinded} and {allocator} have what they need, and no more.")


def statements(roles: Roles) -> dict[str, list[str]]:
    """The statements by database, the roles themselves first, in the store's database."""
    from django.db import connections

    if connections["default"].vendor != "postgresql":
        raise UnsafeDatabase(
            "it is SQLite, which has no roles; keep the vault in a folder of another user"
        )
    found: dict[str, list[str]] = {}
    for alias in FILES:
        connection = connections[alias]
        name = connection.settings_dict["NAME"]
        tables = connection.introspection.table_names()
        with connection.cursor() as cursor:
            found[name] = list(grant(alias, name, tables, guarded(cursor), roles))
    first = connections["default"].settings_dict["NAME"]
    found[first] = [*make(roles), *found[first]]
    return found


def execute(parts: dict[str, list[str]]) -> None:
    """Run the statements, each database's in one transaction."""
    from django.db import connections, transaction

    for alias in FILES:
        connection = connections[alias]
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            for statement in parts[connection.settings_dict["NAME"]]:
                cursor.execute(statement)
