"""Every address x method x role x own or other site x state of the study, from the permission table.

Most cells are answered without a page: a view lets through exactly the roles of its kind of
page, and a service those of its step. Real requests then try a fixed part of the cells on
each run, and every one of them under `make prove`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from equipoise.errors import EquipoiseError, NotPermitted
from equipoise.protocol.roles import ROLES, SITE_STAFF, UNBLINDED
from equipoise_server.services.access import permissions
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.store.models import LedgerEntry, Membership, RecordVersion, User
from equipoise_server.web.shared.access import READERS, UNBLINDED_SIDE
from server.access_table import EXPECTED, FILL, NARROWER, PLACES, PROGRAMS
from server.cast import ADULT, NOW, Cast, key, lock_unfinished
from server.pages import everybody, signed_in

pytestmark = pytest.mark.once  # the same on both engines

SHARE = 12
"""One cell of so many is requested on each run; which ones is fixed by its name."""


def _walk(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield f"{space}:{one.name}", one
        else:
            yield from _walk(one, one.namespace or space)


def _addresses() -> dict[str, list[URLPattern]]:
    found: dict[str, list[URLPattern]] = {}
    for name, pattern in _walk(get_resolver()):
        found.setdefault(name, []).append(pattern)
    return found


def test_every_address_is_in_the_table_and_lets_through_exactly_its_readers() -> None:
    found = _addresses()
    assert sorted(set(found) - set(EXPECTED)) == [], "say in access_table.py who may open these"
    assert sorted(set(EXPECTED) - set(found)) == [], "these addresses are gone"
    for name, patterns in found.items():
        kind = EXPECTED[name]
        for one in patterns:
            readers = getattr(one.callback, "readers", "nobody said")
            assert readers == (None if kind is None else READERS[kind]), name


def test_no_blinded_page_has_a_reader_of_the_unblinded_side() -> None:
    of_both = {"signed in", "unblinded side"}
    open_to = {kind: set(roles) & set(UNBLINDED_SIDE) for kind, roles in READERS.items()}
    used = {kind for kind in EXPECTED.values() if kind is not None}
    assert {kind for kind in used if open_to[kind]} - of_both <= {"stock"}
    assert set(READERS["unblinded side"]) == set(UNBLINDED)


@pytest.fixture
def staffed(trial: Cast) -> tuple[Cast, dict[str, User]]:
    """Participants at both sites, one of them randomised, and one person per role."""
    here = trial.make_eligible(trial.enrol(str(PLACES["own"]["code"])))
    randomise(participant=here, by=trial.investigator, at=NOW, key=key())
    there = trial.enrol(str(PLACES["other"]["code"]), site="s02")
    trial.fill_in(there, "screening", ADULT, by=trial.elsewhere)
    return trial, everybody(trial)


def test_each_step_x_role_x_site_x_time_follows_the_table(
    staffed: tuple[Cast, dict[str, User]],
) -> None:
    _, people = staffed
    cells = 0
    with connection.cursor() as cursor:
        for role, person in people.items():
            for step, site, late in product(permissions.ALLOWED, ("s01", "s02", None), (0, 1)):
                at = NOW + timedelta(days=1) if late else NOW - timedelta(days=1)
                own = site in (None, "s01") or role not in SITE_STAFF
                expected = bool(late) and own and role in permissions.ALLOWED[step]
                ask = partial(permissions.require, cursor, step, by=person, at=at, site=site)
                assert _allowed(ask) is expected, (role, step, site, late)
                cells += 1
    assert cells >= 13 * 40 * 3 * 2


def _allowed(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except NotPermitted:
        return False
    return True


def _url(pattern: URLPattern, name: str, place: str) -> str:
    parts = pattern.pattern.regex.groupindex
    unknown = set(parts) - set(FILL) - set(PLACES[place])
    assert not unknown, f"say in access_table.py what fills {unknown} of {name}"
    return reverse(name, kwargs={one: {**FILL, **PLACES[place]}[one] for one in parts})


def _cells(part: int) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, address, method, role and place of the cells that are requested."""
    found = {name: every for name, every in _addresses().items() if not name.startswith(PROGRAMS)}
    for name, patterns in sorted(found.items()):
        for place in PLACES:
            url = _url(patterns[0], name, place)
            for role, method in product((*ROLES, ""), ("GET", "POST")):
                cell = f"{name} {place} {role} {method}"
                if int(sha256(cell.encode()).hexdigest(), 16) % part == 0:
                    yield name, url, method, role, place


def _state() -> tuple[int, ...]:
    ledgers = (LedgerEntry, RecordVersion, Membership)
    return tuple(one.objects.count() for one in ledgers)  # type: ignore[attr-defined]


def _request_the_cells(people: dict[str, User], part: int) -> int:
    browsers = {role: signed_in(person) for role, person in people.items()}
    browsers[""] = Client()
    number = 0
    for name, url, method, role, place in _cells(part):
        if name in ("shared:sign-out", "shared:sign-in", "shared:passkey"):
            continue  # these end or begin a session
        before, kind = _state(), EXPECTED[name]
        answer: Any = getattr(browsers[role], method.lower())(url)
        said, cell = answer.status_code, (name, url, method, role)
        number += 1
        assert said < 500, cell
        if method == "GET" or kind is None or role not in READERS[kind]:
            assert _state() == before, cell
        if kind is None:
            continue
        if role not in READERS[kind]:
            assert said in ((302, 405) if role == "" else (403, 405)), cell
            assert said != 302 or "/sign-in/" in answer["Location"], cell
        elif place == "other" and role in SITE_STAFF and {"code", "site"} & _parts(name):
            assert said in (403, 404, 405), cell
        elif method == "GET":
            assert said != 403 or name in NARROWER or {"code", "site"} & _parts(name), cell
    return number


def _parts(name: str) -> set[str]:
    return set(_addresses()[name][0].pattern.regex.groupindex)


def test_a_fixed_share_of_all_cells_answers_as_the_table_says(
    staffed: tuple[Cast, dict[str, User]],
) -> None:
    assert _request_the_cells(staffed[1], SHARE) > 150


@pytest.mark.prove
def test_every_cell_answers_as_the_table_says(staffed: tuple[Cast, dict[str, User]]) -> None:
    assert _request_the_cells(staffed[1], 1) > 3000


def test_in_a_locked_study_no_form_changes_anything(
    staffed: tuple[Cast, dict[str, User]],
) -> None:
    trial, people = staffed
    agreed = [
        Agreed(by=person, reason="done") for person in (trial.data_manager, trial.statistician)
    ]
    try:
        lock_unfinished(first=agreed[0], second=agreed[1], at=NOW, key=key())
    except EquipoiseError as refusal:
        pytest.fail(f"the study cannot be locked: {refusal}")
    about_data = {"site work", "participants", "coding", "transfers"}
    for name, patterns in _addresses().items():
        if EXPECTED[name] not in about_data or name.startswith(PROGRAMS):
            continue
        url, before = _url(patterns[0], name, "own"), _state()
        for role in READERS[EXPECTED[name]]:  # type: ignore[index]
            form = {"key": f"{name}/{role}", "on": str(timezone.now().date()), "v.age": "45"}
            said = signed_in(people[role]).post(url, form).status_code
            assert said < 500, (name, role)
        assert _state() == before, name
