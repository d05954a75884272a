"""Least privilege on PostgreSQL: what each role may do, and everything it may not.

On SQLite other users of the operating system do this job, and the verb says so.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connections

from equipoise.errors import UnsafeDatabase
from equipoise_server import databases
from equipoise_server.allocator import client
from equipoise_server.commands import database_roles
from equipoise_server.commands.separation import within_reach
from equipoise_server.services.background.tick import tick
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.trial.export import export
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Participant
from equipoise_server.store.roles import ADDED_TO, KEPT, Roles
from server import postgres
from server.allocator_process import Allocator, through
from server.cast import NOW, Cast
from server.conftest import use
from server.test_noninterference import SMALL, live

ROLES = Roles()
LEDGER = (
    "store_ledgerentry",
    "store_ledgerpayload",
    "store_recordversion",
    "store_recordpayload",
    "store_studyversion",
)
ON_THE_LEDGER = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "DROP TABLE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "ALTER TABLE {table} ADD COLUMN x int",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO gone",
    "DROP TRIGGER {table}_no_update ON {table}",
    "CREATE TRIGGER x BEFORE INSERT ON {table} FOR EACH ROW "
    "EXECUTE FUNCTION equipoise_append_only()",
    "CREATE RULE x AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE INDEX ON {table} ({column})",
    "CREATE VIEW x AS SELECT * FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({column}) "
    "DO UPDATE SET {column} = EXCLUDED.{column}",
    "MERGE INTO {table} t USING {table} s ON t.{column} = s.{column} WHEN MATCHED THEN DELETE",
    "VACUUM FULL {table}",
    "REINDEX TABLE {table}",
    "CLUSTER {table} USING {table}_pkey",
)
"""For each table of the ledger."""
ANYWHERE = (
    "SET session_replication_role = replica",
    "SET ROLE eq_allocator",
    "SET ROLE equipoise",
    "SET SESSION AUTHORIZATION eq_allocator",
    "ALTER ROLE eq_web SUPERUSER",
    "ALTER ROLE eq_allocator PASSWORD 'known'",
    "CREATE ROLE other LOGIN",
    "GRANT eq_allocator TO eq_web",
    "CREATE DATABASE other",
    "DROP DATABASE {vault}",
    "ALTER DATABASE {vault} OWNER TO eq_web",
    "GRANT CONNECT ON DATABASE {vault} TO eq_web",
    "CREATE TABLE x (y int)",
    "CREATE TEMPORARY TABLE store_trial (y int)",
    "CREATE SCHEMA x",
    "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION equipoise_append_only() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION equipoise_append_only() CASCADE",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SERVER x FOREIGN DATA WRAPPER postgres_fdw",
    "COPY store_trial TO '/tmp/x'",
    "COPY store_trial TO PROGRAM 'cat'",
    "COPY store_ledgerentry FROM PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('base')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM {vault}.public.vault_slot",
    "SELECT * FROM vault_slot",
    "SELECT pg_database_size('{vault}')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eq_allocator'",
    "SELECT pg_switch_wal()",
    "ALTER SYSTEM SET fsync = off",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "DELETE FROM store_participant",
    "DELETE FROM store_trial",
    "DELETE FROM store_membership",
    "DELETE FROM store_idempotencykey",
    "UPDATE store_idempotencykey SET answer = ''",
    "UPDATE store_trial SET demo = NOT demo",
    "DELETE FROM django_migrations",
)


def on_postgresql(instance: SimpleNamespace) -> bool:
    """Whether there are roles; where there are none the verb must say so."""
    if instance.url:
        return True
    with pytest.raises(UnsafeDatabase, match="SQLite"):
        database_roles.statements(ROLES)
    return False


def as_role(url: str, role: str) -> str:
    return url.replace("equipoise@", f"{role}@")


@pytest.fixture
def separated(trial: Cast, tmp_path: Path) -> Iterator[Cast | None]:
    """This process has the web's role, and the allocator its own; None on SQLite."""
    instance = trial.instance
    if not on_postgresql(instance):
        yield None
        return
    database_roles.execute(database_roles.statements(ROLES))
    name = connections["default"].settings_dict["NAME"]
    vault = as_role(instance.url, ROLES.allocator).replace(f"/{name}?", f"/{name}_vault?")
    own = SimpleNamespace(folder=instance.folder, environment={"EQUIPOISE_VAULT_URL": vault})
    running = Allocator(own, tmp_path / "apart", move=True)
    use(instance.folder, as_role(instance.url, ROLES.web))
    through(running)
    trial.allocator = running  # type: ignore[attr-defined]
    yield trial
    through_nobody()
    running.stop()
    use(instance.folder, instance.url)


def through_nobody() -> None:
    from django.conf import settings

    settings.EQUIPOISE_ALLOCATOR_SOCKET = ""


def refused(statement: str, alias: str = "default") -> bool:
    """Whether the server refuses a statement, as this process's role."""
    import psycopg

    connection = connections[alias]
    connection.ensure_connection()
    raw = connection.connection
    try:
        with raw.transaction(force_rollback=True):
            raw.execute(statement)
    except psycopg.Error as problem:
        return problem.sqlstate in (
            "42501",  # not the privilege
            "0A000",  # another database cannot be named
            "42P01",  # nothing of that name here
            "23000",  # a trigger keeps the row
            "42704",  # no such extension or wrapper
            "428C9",  # a column that the server computes
            "25001",  # not inside a transaction
        )
    return False


def columns(table: str) -> list[str]:
    with connections["default"].cursor() as cursor:
        listed = connections["default"].introspection.get_table_description(cursor, table)
    return [column.name for column in listed]


def test_the_whole_product_works_with_least_privilege(separated: Cast | None, tmp_path) -> None:
    if separated is None:
        return
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLES.web,)
    code = separated.make_eligible(separated.enrol())
    kit = randomise(participant=code, by=separated.investigator, at=NOW, key="r")
    assert Participant.objects.get(pk=code).kit == kit
    separated.fill_in(code, "screening_breath", {"result": "negative"}, reason="typing error")
    assert tick(at=NOW).refused == ()
    assert verify().sound
    assert within_reach(separated.instance.folder) is None
    export_everything(separated, tmp_path / "out")


def export_everything(trial: Cast, out: Path) -> None:
    export("csv", out=out, by=trial.statistician, at=NOW)
    assert list(out.iterdir())


def test_every_statement_against_the_ledger_or_the_vault_is_refused(separated) -> None:
    if separated is None:
        return
    separated.make_eligible(separated.enrol())
    vault = connections["default"].settings_dict["NAME"] + "_vault"
    listed = [
        one.format(table=table, column=f'"{columns(table)[0]}"')
        for table in LEDGER
        for one in ON_THE_LEDGER
    ]
    listed += [
        f'UPDATE {table} SET "{name}" = "{name}"' for table in LEDGER for name in columns(table)
    ]
    listed += [
        one.format(vault=f'"{vault}"' if "'{vault}'" not in one else vault) for one in ANYWHERE
    ]
    accepted = [one for one in listed if not refused(one)]
    assert accepted == [], "\n".join(accepted)
    assert len(listed) > 150
    assert verify().sound


def test_the_vault_lets_the_web_in_under_no_name(separated) -> None:
    import psycopg

    if separated is None:
        return
    name = connections["default"].settings_dict["NAME"]
    for role in (ROLES.web, ROLES.unblinded):
        url = as_role(separated.instance.url, role).replace(f"/{name}?", f"/{name}_vault?")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url.replace("postgres://", "postgresql://"))
    for suffix in ("", "_identity", "_keys"):
        url = as_role(separated.instance.url, ROLES.allocator).replace(
            f"/{name}?", f"/{name}{suffix}?"
        )
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url.replace("postgres://", "postgresql://"))


def test_the_allocator_cannot_change_what_the_vault_keeps_either(separated) -> None:
    import psycopg

    if separated is None:
        return
    client.allocate(
        participant="P", site="s01", stratum={"ulcer_history": "false"}, key="k", at=NOW
    )
    name = connections["default"].settings_dict["NAME"]
    url = as_role(separated.instance.url, ROLES.allocator).replace(f"/{name}?", f"/{name}_vault?")
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as vault:
        for table in ("vault_slot", "vault_allocation", "vault_vaultledgerentry", "vault_kit"):
            for one in ("DELETE FROM {}", "TRUNCATE {} CASCADE", "DROP TABLE {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    vault.execute(one.format(table))
        for table in ("vault_slot", "vault_allocation", "vault_vaultledgerentry"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                vault.execute(f"UPDATE {table} SET id = id")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            vault.execute("ALTER TABLE vault_kit DISABLE TRIGGER ALL")


def test_whoever_rules_the_server_or_knows_the_way_to_the_vault_may_not_serve(trial, monkeypatch):
    if not on_postgresql(trial.instance):
        return
    empty = trial.instance.folder / "nothing"
    assert within_reach(empty) == "every database of the server"
    database_roles.execute(database_roles.statements(ROLES))
    use(trial.instance.folder, as_role(trial.instance.url, ROLES.web))
    assert within_reach(empty) is None
    monkeypatch.setenv("EQUIPOISE_VAULT_URL", "postgres://somebody@/x")
    assert "EQUIPOISE_VAULT_URL" in within_reach(empty)
    monkeypatch.delenv("EQUIPOISE_VAULT_URL")
    use(trial.instance.folder, trial.instance.url)
    name = connections["default"].settings_dict["NAME"]
    with connections["default"].cursor() as cursor:
        cursor.execute(f'GRANT CONNECT ON DATABASE "{name}_vault" TO eq_web')
    with connections["vault"].cursor() as cursor:
        cursor.execute(
            "GRANT USAGE ON SCHEMA public TO eq_web; GRANT SELECT ON vault_slot TO eq_web"
        )
    use(trial.instance.folder, as_role(trial.instance.url, ROLES.web))
    assert within_reach(empty) == "the vault's database"
    use(trial.instance.folder, trial.instance.url)


def dumped(template: SimpleNamespace, name: str) -> bytes:
    """Everything that the web's role can read, with PostgreSQL's own tool."""
    binary = postgres.binaries()
    assert binary is not None
    host = template.server.partition("host=")[2]
    found = b""
    for suffix in ("", "_identity", "_keys"):
        words = ["-U", ROLES.web, "-h", host, "--no-owner", f"{name}{suffix}"]
        done = subprocess.run([str(binary / "pg_dump"), *words], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        lines = (one for one in done.stdout.splitlines() if not one.startswith(b"\\"))
        found += b"\n".join(lines).replace(name.encode(), b"NAME")
    refused = subprocess.run(
        [str(binary / "pg_dump"), "-U", ROLES.web, "-h", host, f"{name}_vault"],
        capture_output=True,
        check=False,
    )
    assert refused.returncode
    assert b"permission denied" in refused.stderr
    return found


def test_a_dump_of_all_that_the_web_can_read_says_nothing_of_arms(template, tmp_path, monkeypatch):
    if not template.server:
        return
    import psycopg

    monkeypatch.setenv("WORLDS_KEPT", "yes")
    before = f"ni{os.getpid()}n"
    live(template, tmp_path, SMALL, "6/1", "a", "b")
    with psycopg.connect(template.server) as server:
        rows = server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{before}%"]
        )
        names = sorted((name for (name,) in rows), key=lambda one: (len(one), one))
    newest = max(int(one.removeprefix(before).partition("w")[0]) for one in names)
    worlds = []
    for number in (0, 1):
        name = f"{before}{newest}w{number}"
        folder = tmp_path / f"{'ab'[number]}.instance"
        use(folder, template.server.replace("/postgres?", f"/{name}?"))
        database_roles.execute(database_roles.statements(ROLES))
        connections.close_all()
        worlds.append(dumped(template, name))
    lines = [world.decode().splitlines() for world in worlds]
    assert [pair for pair in zip(*lines, strict=False) if pair[0] != pair[1]][:3] == []
    assert worlds[0] == worlds[1]
    assert len(worlds[0]) > 50_000
    assert b"COPY public.store_participant" in worlds[0]


def test_the_statements_are_for_every_table_of_every_database(trial: Cast) -> None:
    if not on_postgresql(trial.instance):
        return
    parts = database_roles.statements(replace(ROLES, web='odd"name'))
    for alias in databases.FILES:
        connection = connections[alias]
        said = "\n".join(parts[connection.settings_dict["NAME"]])
        for table in connection.introspection.table_names():
            assert f'ON "{table}" TO' in said
        assert "GRANT ALL" not in said
        assert "TRUNCATE" not in said
    assert 'CREATE ROLE "odd""name"' in "\n".join(next(iter(parts.values())))
    assert set(KEPT) | ADDED_TO <= set(connections["default"].introspection.table_names())
