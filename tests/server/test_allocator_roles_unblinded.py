"""The role of the unblinded pages: they work with it, and whatever else they tried is refused."""

from __future__ import annotations

from types import SimpleNamespace

from django.db import connections

from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.dispense import dispense, prepare_unit, thaw_unit
from equipoise_server.services.verify import verify
from equipoise_server.store.roles import UNBLINDED_ADDS, UNBLINDED_READS
from server import ports
from server.cast import NOW
from server.conftest import use
from server.test_allocator_roles import ANYWHERE, ROLES, as_role, columns, refused, separated
from server.test_unblinded import PEOPLE, PIN, enter, reveal
from server.unblinded_process import Unblinded, Visitor

__all__ = ["separated"]

OPEN_TO = {
    "fu": {"worklist", "kits", "lots", "accountability", "preparations"},
    "hu": {"worklist", "kits", "lots", "accountability", "preparations", "journal"},
    "li": {"board"},
}
"""Pages that read where nobody has done anything yet."""


def reads(role_url: str, table: str) -> bool:
    import psycopg

    with psycopg.connect(role_url.replace("postgres://", "postgresql://")) as connection:
        try:
            connection.execute(f"SELECT * FROM {table} LIMIT 1")
        except psycopg.errors.InsufficientPrivilege:
            return False
    return True


def test_the_unblinded_pages_work_with_what_little_they_may(separated, tmp_path) -> None:
    if separated is None:
        return
    code = separated.make_eligible(separated.enrol())
    kit = randomise(participant=code, by=separated.investigator, at=NOW, key="r")
    dispense(participant=code, by=separated.investigator, at=NOW, key="d")
    own = as_role(separated.instance.url, ROLES.unblinded)
    environment = {"EQUIPOISE_UNBLINDED_DATABASE_URL": own}
    here = SimpleNamespace(folder=separated.instance.folder, environment=environment)
    use(separated.instance.folder, separated.instance.url)
    for name in PEOPLE:
        enter(name)
    side = Unblinded(here, separated.allocator, ports.free())
    try:
        for name, pages in OPEN_TO.items():
            visitor = Visitor(side)
            visitor.sign_in(name, PIN)
            for page in sorted(pages):
                visitor.get(f"{page}/")
                assert (visitor.status, visitor.code) == (200, ""), (name, page)
        reveal(Visitor(side), code)
    finally:
        side.stop()
    said = side.log.read_text() if side.log.exists() else ""
    assert "denied" not in said, said[-2000:]
    use(separated.instance.folder, own)
    thaw_unit(unit=f"{kit}-01", by=separated.pharmacist, at=NOW, key="t")
    prepare_unit(unit=f"{kit}-02", by=separated.pharmacist, at=NOW, key="p")
    use(separated.instance.folder, separated.instance.url)
    assert verify().sound


def test_whatever_else_the_unblinded_pages_tried_would_be_refused(separated) -> None:
    if separated is None:
        return
    separated.make_eligible(separated.enrol())
    tables = connections["default"].introspection.table_names()
    names = {table: columns(table) for table in tables}
    own = as_role(separated.instance.url, ROLES.unblinded)
    open_ones = {table for table in tables if reads(own, table)}
    assert open_ones == set(UNBLINDED_READS)
    use(separated.instance.folder, own)
    listed = [f"DELETE FROM {table}" for table in tables]
    listed += [f"TRUNCATE {table} CASCADE" for table in tables]
    listed += [
        f'UPDATE {table} SET "{name}" = "{name}"'
        for table in tables
        if table not in ("store_kit", "store_trial")
        for name in names[table]
    ]
    listed += [
        f'UPDATE store_trial SET "{name}" = "{name}"'
        for name in names["store_trial"]
        if name != "demo"
    ]
    listed += ["UPDATE store_trial SET demo = NOT demo", "SELECT password FROM store_user"]
    listed += [f"INSERT INTO {t} SELECT * FROM {t}" for t in tables if t not in UNBLINDED_ADDS]
    listed += [one for one in ANYWHERE if "{" not in one]
    accepted = [one for one in listed if not refused(one)]
    assert accepted == [], "\n".join(accepted)
