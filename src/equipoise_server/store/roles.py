"""The roles of a PostgreSQL server, and what each may do at most.

Four roles. The owner makes the tables and changes them at an upgrade; no process that serves
anybody runs under it. `web` serves the blinded pages, `unblinded` the other ones, `allocator`
alone opens the vault. A role is granted what its process does, table by table; whatever is
not granted is refused by the server, whoever holds the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MIGRATIONS = "django_migrations"
ONLY_READ = frozenset({MIGRATIONS, "django_content_type", "auth_permission"})
ADDED_TO = frozenset({"store_idempotencykey"})
"""Tables that are added to, beside those that triggers keep."""
KEPT = (
    "store_participant",
    "store_kit",
    "store_record",
    "store_trial",
    "store_site",
    "store_user",
    "store_membership",
)
"""Tables whose rows change and are never taken away."""
UNBLINDED_READS = (
    "store_trial",
    "store_studyversion",
    "store_amendment",
    "store_siteversion",
    "store_participantversion",
    "store_site",
    "store_participant",
    "store_kit",
    "store_interimcut",
    "store_membership",
    "store_delegation",
    "store_delegationdemand",
    "store_trainingdemand",
    "store_trainingrecord",
    "store_ledgerentry",
    "store_ledgerpayload",
    "store_idempotencykey",
)
"""What the unblinded pages show or judge by, and the frozen data of interim analyses. No record, finding, query, session or password."""
UNBLINDED_ADDS = ("store_ledgerentry", "store_ledgerpayload", "store_idempotencykey")
"""That a unit was thawed or prepared, and the request that said so."""
UNBLINDED_COLUMNS = {
    "store_user": ("SELECT (id, username, full_name, is_active)",),
    "store_kit": ("UPDATE (site_id, status, valid, participant, state)",),
    "store_trial": ("UPDATE (demo)",),
}
"""Rights on some columns. That of the trial only lets a step wait for a lock of the study (`FOR
SHARE` asks for it): a trigger refuses every change of this column.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The names of the three roles that processes run under."""

    web: str = "eq_web"
    unblinded: str = "eq_unblinded"
    allocator: str = "eq_allocator"

    def all(self) -> tuple[str, str, str]:
        """Their names."""
        return (self.web, self.unblinded, self.allocator)

    def of(self, alias: str) -> tuple[str, ...]:
        """Those that may connect to a database at all."""
        return {
            "default": (self.web, self.unblinded),
            "vault": (self.allocator,),
        }.get(alias, (self.web,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The tables whose rows triggers keep as they are (`unchanged`), and keep at all (`kept`)."""

    unchanged: frozenset[str]
    kept: frozenset[str]


_TRIGGERS = (
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgqual IS NULL "
    "AND p.proname = 'equipoise_append_only'"
)


def guarded(cursor: Any) -> Guarded:
    """What the triggers of the connected database refuse, whatever the row."""
    cursor.execute(_TRIGGERS)
    found = set(cursor.fetchall())

    def by(verb: str) -> frozenset[str]:
        return frozenset(table for table, name in found if name == f"{table}_no_{verb}")

    return Guarded(unchanged=by("update"), kept=by("delete"))


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def make(roles: Roles) -> Iterator[str]:
    """Statements that make the roles where they are missing; none can become another."""
    for role in roles.all():
        text = role.replace("'", "''")
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{text}') "  # noqa: S608
            f"THEN CREATE ROLE {quoted(role)} LOGIN; END IF; END $$"
        )
        yield (
            f"ALTER ROLE {quoted(role)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
            "NOBYPASSRLS NOINHERIT"
        )


def grant(
    alias: str, database: str, tables: Iterable[str], guarded: Guarded, roles: Roles
) -> Iterator[str]:
    """Statements, for the owner connected to one database, that leave each role what it needs.

    Args:
        alias: `default`, `identity`, `keys` or `vault`.
        database: its name on the server.
        tables: every table in it.
        guarded: what triggers refuse already.
        roles: the names.

    """
    named = quoted(database)
    yield f"REVOKE ALL ON DATABASE {named} FROM PUBLIC"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        yield f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM PUBLIC"
    listed = sorted(tables)
    for role in map(quoted, roles.all()):
        yield f"REVOKE ALL ON DATABASE {named} FROM {role}"
        yield f"REVOKE ALL ON SCHEMA public FROM {role}"
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
        yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}"
    for role in roles.of(alias):
        yield f"GRANT CONNECT ON DATABASE {named} TO {quoted(role)}"
        yield f"GRANT USAGE ON SCHEMA public TO {quoted(role)}"
        if role != roles.unblinded:
            yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted(role)}"
        for table in listed:
            given = unblinded(table) if role == roles.unblinded else rights(alias, table, guarded)
            if given:
                yield f"GRANT {', '.join(given)} ON {quoted(table)} TO {quoted(role)}"


def unblinded(table: str) -> tuple[str, ...]:
    """What the unblinded pages may do to a table of the store; most they do not even read."""
    found = ["SELECT"] if table in UNBLINDED_READS else []
    found += ["INSERT"] if table in UNBLINDED_ADDS else []
    return (*found, *UNBLINDED_COLUMNS.get(table, ()))


def rights(alias: str, table: str, guarded: Guarded) -> tuple[str, ...]:
    """What may be done to a table: never DDL, TRUNCATE, REFERENCES or TRIGGER."""
    if table in ONLY_READ:
        return ("SELECT",)
    found = ["SELECT", "INSERT"]
    if table not in guarded.unchanged and table not in ADDED_TO:
        found.append("UPDATE")
    if alias != "vault" and table not in guarded.kept and table not in (*ADDED_TO, *KEPT):
        found.append("DELETE")
    return tuple(found)


def script(parts: Mapping[str, Iterable[str]]) -> str:
    """Statements by database as a script for `psql`."""
    lines = []
    for database, statements in parts.items():
        if database:
            lines.append(f"\\connect {quoted(database)}")
        lines += [f"{statement};" for statement in statements]
    return "\n".join(lines) + "\n"
