"""The cells of the access matrix: address x method x role x place x state of the study, and the trial they ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any

from django.db import connection, connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from equipoise_server.services.access.program_tokens import issue
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.raise_deviation import raise_deviation
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.trial import agree, unblind
from equipoise_server.store import locks
from equipoise_server.store.locks import Part
from equipoise_server.store.models import User
from server.access_table import AT_SITE, NOBODY, ROWS, Row, address
from server.cast import ADULT, NOW, TODAY, Cast, key, lock_unfinished
from server.pages import signed_in

HERE, THERE = "S01-AAAAA-AAAAA", "S02-BBBBB-BBBBB"
PLACES: dict[str, dict[str, object]] = {
    "own": {"code": HERE, "who": HERE, "site": "s01"},
    "other": {"code": THERE, "who": THERE, "site": "s02"},
}
STATES = ("opened", "running", "site locked", "locked", "unblinded")
LOCKED = ("locked", "unblinded")
SESSIONS = ("shared:sign-in", "shared:sign-out", "shared:passkey")
"""They begin or end a session: their own tests ask them."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
OF_THE_DOOR = ("django_session", "axes_", "auth_", "store_user", "store_programtoken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One question: may this role do this with this address, there, then?"""

    row: Row
    method: str
    role: str
    place: str
    state: str

    def __str__(self) -> str:
        role = self.role or "nobody"
        return f"{self.method} {self.row.page} by {role} at the {self.place} site, {self.state}"

    @property
    def opens(self) -> bool:
        """Whether the page says that it opens to the role."""
        return self.role in self.row.roles

    @property
    def elsewhere(self) -> bool:
        """Whether it is about a site at which the role is not held."""
        return self.place == "other" and self.row.of_site and self.role in AT_SITE

    @property
    def shut(self) -> bool:
        """Whether a lock stands over whatever is sent."""
        at_site = self.state == "site locked" and self.place == "own" and self.row.of_site
        return self.row.closed and (self.state in LOCKED or at_site)


def cells(state: str, share: int, roles: tuple[str, ...]) -> Iterator[Cell]:
    """One of `share` cells of a state of the study; which ones is fixed by their names."""
    for row, method, role, place in product(ROWS.values(), ("GET", "POST"), roles, PLACES):
        cell = Cell(row=row, method=method, role=role, place=place, state=state)
        drawn = int(sha256(str(cell).encode()).hexdigest(), 16) % share == 0
        sent_by_program = row.for_programs and method == "POST"  # `test_api` asks these
        if drawn and row.page not in SESSIONS and not sent_by_program:
            yield cell


def addresses(urls: str | None = None) -> dict[str, list[tuple[str, Any]]]:
    """Every address that a process answers, by the name of its page: the path and its view."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, path, view in _walk(get_resolver(urls), "", ""):
        found.setdefault(name, []).append((path, view))
    return found


def _walk(resolver: URLResolver, space: str, before: str) -> Iterator[tuple[str, str, Any]]:
    for one in resolver.url_patterns:
        path = before + ("" if "Locale" in type(one.pattern).__name__ else str(one.pattern))
        if isinstance(one, URLPattern):
            yield f"{space}:{one.name}".lstrip(":"), path, one.callback
        else:
            yield from _walk(one, one.namespace or space, path)


class Things:
    """What there is at each site that an address can name by a number: made as people make it."""

    def __init__(self, trial: Cast) -> None:
        self.trial = trial
        self.by_page: dict[str, dict[str, object]] = {"programs:query": dict.fromkeys(PLACES, 1)}

    def fill(self) -> None:
        """A participant at each site, and something of each kind about them."""
        trial = self.trial
        here = trial.make_eligible(trial.enrol(HERE))
        randomise(participant=here, by=trial.investigator, at=NOW, key=key())
        trial.enrol(THERE, site="s02")
        trial.fill_in(THERE, "screening", ADULT, by=trial.elsewhere)
        for place, code, by in (
            ("own", HERE, trial.investigator),
            ("other", THERE, trial.elsewhere),
        ):
            given: dict[str, Any] = {"participant": code, "text": "Really?", "at": NOW}
            record = {"form": "screening", "visit": "screen", "item": "age"}
            asked = open_query(**given, **record, by=trial.data_manager, key=key())
            left = raise_deviation(**given, kind="consent", on=TODAY, by=by, key=key())
            part = Part(scope="participant", site=str(PLACES[place]["site"]), participant=code)
            step = agree.propose(
                "unlock a part",
                agree.part_body(part),
                by=trial.data_manager,
                reason="x",
                at=NOW,
                key=key(),
            )
            for page, number in (
                ("data:query", asked),
                ("programs:query", asked),
                ("programs:query", asked),
                ("data:deviation", left),
                ("finalise:proposal", step),
            ):
                self.by_page.setdefault(page, {})[place] = number

    def address(self, cell: Cell) -> str:
        """The address of a cell, with what is there at its site."""
        number = self.by_page.get(cell.row.page, {}).get(cell.place)
        named = {} if number is None else {"number": number}
        path = address(cell.row, {**PLACES[cell.place], **named})
        if cell.row.page != "finalise:checklist":
            return path
        site = PLACES[cell.place]["site"]
        return f"{path}?scope=site&site={site}"

    def body(self, cell: Cell) -> dict[str, object]:
        """What is sent: enough for the pages that take the least."""
        typed = {f"v.{name}": value for name, value in ADULT.items()}
        more = {"key": key(), "on": str(TODAY), "v.age": "45", "reason": "x", "text": "x"}
        return {
            **typed,
            **more,
            "site": PLACES[cell.place]["site"],
            "act": "answer",
            "version": "1",
        }


def bring_to(state: str, things: Things) -> None:
    """Take the trial on to its next state, as its people would."""
    trial = things.trial
    agreed = {
        name: Agreed(by=person, reason="done")
        for name, person in (("first", trial.data_manager), ("second", trial.statistician))
    }
    if state == "running":
        things.fill()
    elif state == "site locked":
        locks.put(Part(scope="site", site="s01"), NOW)
    elif state == "locked":
        locks.take(Part(scope="site", site="s01"))
        lock_unfinished(**agreed, at=NOW, key=key())
    elif state == "unblinded":
        unblind.unblind(**agreed, at=NOW, key=key())


def browsers(people: dict[str, User]) -> dict[str, Client]:
    """A browser per role in which that person has just signed in, and one of nobody."""
    return {**{role: signed_in(person) for role, person in people.items()}, NOBODY: Client()}


def programs(
    people: dict[str, User], roles: frozenset[str], at: Any, until: Any
) -> dict[str, Client]:
    """A program per role that may have a token, and one without."""
    found = {NOBODY: Client()}
    for role in sorted(roles - {NOBODY}):
        site = "s01" if role in AT_SITE else None
        given: dict[str, Any] = {"label": "x", "role": role, "site": site, "writes": True}
        token = issue(**given, until=until, by=people[role], at=at, key=key())
        found[role] = Client(headers={"Authorization": f"Bearer {token}"})
    return found


def counted() -> tuple[int, ...]:
    """How many rows each table of the store has, and where the ledger stands."""
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
        every = [name for name in names if name.startswith("store_")]
        cursor.execute(" UNION ALL ".join(f'SELECT COUNT(*) FROM "{name}"' for name in every))
        return tuple(row[0] for row in cursor.fetchall())


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that change a row, but for those of a session, while it is open."""
    found: list[str] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked = sql.lstrip().upper()
        if asked.startswith(WRITES) and not any(one in sql for one in OF_THE_DOOR):
            found.append(sql[:120])
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for one in connections.all():
            stack.enter_context(one.execute_wrapper(look))
        yield found
