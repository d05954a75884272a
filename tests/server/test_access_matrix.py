"""Every address x method x role x own or other site x state of the study, as the written page says.

The page is `docs/validation/access.md`, the steps are those of `docs/reference/permissions.md`. Whom a
view lets through is compared for every address and role. Real requests then ask a fixed share of the
cells on each run, and every one under `make prove`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from equipoise.errors import NotPermitted
from equipoise.protocol.roles import ROLES
from equipoise_server.services.access import permissions
from equipoise_server.store.models import User
from server.access_cells import (
    PLACES,
    STATES,
    Cell,
    Things,
    addresses,
    bring_to,
    browsers,
    cells,
    counted,
    programs,
    writes,
)
from server.access_table import AT_SITE, NOBODY, ROWS, SHORT, UNBLINDED_ROWS, Row, address
from server.cast import NOW, Cast
from server.pages import everybody

pytestmark = pytest.mark.once  # the same on both engines

SHARE = 60
"""One cell of so many is requested on each run."""
SHOWN = 40
STEPS = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
SECRET_SIDE = {
    "pharmacist",
    "unblinded monitor",
    "safety-board statistician",
    "safety-board member",
}
OF_BOTH_SIDES = {
    "people:me",
    "people:password",
    "people:factors",
    "people:confirm",
    "shared:elsewhere",
    "finalise:board",  # decisions of the board, which name no arm
}
"""What somebody of the unblinded side opens here: their account, and nothing about an arm."""


def _routes(urls: str | None = None) -> dict[str, tuple[str, Any]]:
    """Path and view of each address as the page writes them."""
    plain = re.compile(r"<(?:\w+:)?(\w+)>")
    return {
        name: ("/" + plain.sub(r"{\1}", some[0][0]), some[0][1])
        for name, some in addresses(urls).items()
    }


@pytest.mark.parametrize(
    ("rows", "urls"),
    [(ROWS, None), (UNBLINDED_ROWS, "equipoise_server.unblinded.urls")],
    ids=["blinded", "unblinded"],
)
def test_the_page_names_every_address_and_no_other(rows: dict[str, Row], urls: str | None) -> None:
    found = {name: path for name, (path, _) in _routes(urls).items()}
    assert found == {name: row.path for name, row in rows.items()}, "write it into access.md"


@pytest.mark.parametrize(
    ("rows", "urls"),
    [(ROWS, None), (UNBLINDED_ROWS, "equipoise_server.unblinded.urls")],
    ids=["blinded", "unblinded"],
)
def test_each_address_lets_through_the_roles_that_the_page_says(
    rows: dict[str, Row], urls: str | None
) -> None:
    everyone = rows["sign-in" if urls else "shared:sign-in"].roles
    for name, (_, view) in _routes(urls).items():
        readers = getattr(view, "readers", None if urls else "nobody said")
        through = everyone if readers is None else frozenset(readers)
        if rows[name].for_programs:  # a token gets in; its role is asked behind the door
            assert through >= rows[name].roles, name
        else:
            assert through == rows[name].roles, name


def test_the_page_itself_keeps_the_sides_apart() -> None:
    assert set(ROLES) == set(SHORT.values()) - {NOBODY, "safety reporter"}
    for row in ROWS.values():
        if not row.open_to_everybody and row.page not in OF_BOTH_SIDES:
            assert not row.roles & SECRET_SIDE, row.page
    inside = [row for row in UNBLINDED_ROWS.values() if not row.open_to_everybody]
    assert inside
    assert all(row.roles <= SECRET_SIDE for row in inside)


def _steps() -> dict[str, set[str]]:
    """The steps and their roles, as the reference page has them."""
    rows = re.findall(r"^\| <a id=[^>]*></a>([^|]+) \| ([^|]+) \|$", STEPS.read_text(), re.M)
    return {step: set(roles.split(", ")) for step, roles in rows}


def test_each_step_x_role_x_site_x_time_follows_the_table(trial: Cast) -> None:
    people, table, asked = everybody(trial), _steps(), 0
    assert set(table) == set(permissions.ALLOWED)
    with connection.cursor() as cursor:
        for role, person in people.items():
            for step, site, late in product(table, ("s01", "s02", None), (0, 1)):
                at = NOW + timedelta(days=1) if late else NOW - timedelta(days=1)
                own = site in (None, "s01") or role not in AT_SITE
                expected = bool(late) and own and role in table[step]
                ask = partial(permissions.require, cursor, step, by=person, at=at, site=site)
                assert _allowed(ask) is expected, (role, step, site, late)
                asked += 1
    assert asked == len(ROLES) * len(table) * 3 * 2


def _allowed(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except NotPermitted:
        return False
    return True


class Matrix:
    """The trial, its people and their browsers, asked cell by cell."""

    def __init__(self, trial: Cast) -> None:
        self.people: dict[str, User] = everybody(trial)
        self.things = Things(trial)
        self.browsers = browsers(self.people)
        self.passing = browsers(self.people)  # some pages for everybody end a session
        now = timezone.now()
        roles = ROWS["programs:study"].roles
        self.programs = programs(self.people, roles, now, now + timedelta(days=1))
        for some in (self.browsers, self.passing, self.programs):
            for client in some.values():
                client.raise_request_exception = False
        self.changed: set[str] = set()
        self.asked = 0

    def ask(self, share: int) -> list[str]:
        """Bring the trial through its states, ask a share of the cells in each: what is wrong."""
        wrong = []
        for state in STATES:
            bring_to(state, self.things)
            for cell in cells(state, share, (*ROLES, NOBODY)):
                found = self._ask(cell)
                wrong += [f"{cell}: {found}"] if found else []
        return wrong

    def _ask(self, cell: Cell) -> str:
        signed = self.passing if cell.row.open_to_everybody else self.browsers
        clients = self.programs if cell.row.for_programs else signed
        client = clients.get(cell.role, clients[NOBODY])
        sent = self.things.body(cell) if cell.method == "POST" else {}
        looked = cell.method == "POST" and cell.opens
        before = counted() if looked else ()
        with writes() as wrote:
            answer = getattr(client, cell.method.lower())(self.things.address(cell), sent)
        self.asked += 1
        changed = looked and before != counted()
        if changed and cell.state == "running":
            self.changed.add(cell.row.page)
        said = answer.status_code
        if said >= 500:
            return f"broken, {said}"
        if not cell.opens or cell.elsewhere:
            return _refusal(cell, answer) or (f"wrote {wrote}" if wrote else "")
        if cell.method == "POST":
            return _sent(cell, changed)
        return _shown(cell, said) or (
            f"wrote {wrote}" if wrote and not cell.row.open_to_everybody else ""
        )


def _refusal(cell: Cell, answer: Any) -> str:
    """What is wrong with the refusal of a cell that does not open."""
    said = answer.status_code
    if said == 405 and cell.method not in cell.row.methods:
        return ""
    if cell.opens:
        return "" if said in (403, 404) else f"opens at another site, {said}"
    if cell.row.for_programs:
        return "" if said in (401, 403) else f"opens, {said}"
    if cell.role == NOBODY:
        led = said == 302 and "/sign-in/" in answer["Location"]
        return "" if led else f"does not lead to the sign-in, {said}"
    return "" if said == 403 else f"opens, {said}"


def _shown(cell: Cell, said: int) -> str:
    if (said == 405) is (cell.method in cell.row.methods):
        return f"answers {said}"
    return f"refused, {said}" if said == 403 and cell.role not in cell.row.narrow else ""


def _sent(cell: Cell, changed: bool) -> str:
    if changed and cell.shut:
        return "changed something under a lock"
    return "changed something" if changed and "POST" not in cell.row.methods else ""


def test_a_fixed_share_of_all_cells_answers_as_the_page_says(trial: Cast) -> None:
    matrix = Matrix(trial)
    wrong = matrix.ask(SHARE)
    assert not wrong, "\n".join(wrong[:SHOWN])
    assert matrix.asked > 500


@pytest.mark.prove
def test_every_cell_answers_as_the_page_says(trial: Cast) -> None:
    matrix = Matrix(trial)
    wrong = matrix.ask(1)
    assert not wrong, "\n".join(wrong[:SHOWN])
    assert matrix.asked > 40_000
    assert {"entry:form", "entry:draft", "data:deviation"} <= matrix.changed


def test_before_the_trial_is_opened_what_is_not_public_leads_to_the_sign_in(instance: Any) -> None:
    nobody = Client()
    for row in ROWS.values():
        answer: Any = nobody.get(address(row, PLACES["own"]))
        assert answer.status_code < 500, row.page
        if not row.open_to_everybody and "GET" in row.methods:
            wanted = 401 if row.for_programs else 302
            assert answer.status_code == wanted, row.page


def test_no_other_method_reaches_a_view(trial: Cast) -> None:
    boss = browsers({"administrator": trial.administrator})
    for row, method in product(ROWS.values(), ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")):
        if not row.for_programs:
            for client in boss.values():
                answer = client.generic(method, address(row, PLACES["own"]))
                assert answer.status_code == 405, (method, row.page)
