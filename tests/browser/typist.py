"""Types the screening records of a simulated person into the forms on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page

from equipoise.protocol.load import load
from equipoise.rehearsal.conduct import run
from equipoise.rehearsal.setup import scenario_of

from .running import Nowhere, Randomised

HOURS = {"site": "Asia/Shanghai"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One form of a visit as somebody answered it, between consent and randomisation."""

    form: str
    visit: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is written down about somebody before they are randomised."""

    sheets: tuple[Sheet, ...]
    consented_at: datetime
    randomised_on: date


class Notebook(Nowhere):
    """A desk that keeps what is recorded, up to the randomisation."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.consented_at = datetime.min

    def record(self, *, form: str, visit: str, values: dict[str, object], **_: Any) -> None:
        self.sheets.append(Sheet(form=form, visit=visit, values=dict(values)))

    def consent(self, *, signed_at: datetime, **_: Any) -> None:
        self.consented_at = signed_at

    def randomise(self, *, on: date, at: datetime, **_: Any) -> str:
        self.on = on
        raise Randomised(at)


def somebody(seed: int) -> Person:
    """A simulated person who fits, screened on one day."""
    study = load("nct05787288")
    scenario = scenario_of(study, next(iter(study.scenarios)))
    one_site = replace(scenario, accrual=replace(scenario.accrual, sites=1))
    for number in range(seed, seed + 200):
        book = Notebook()
        with suppress(Randomised):
            run(study, one_site, book, participants=1, seed=number)
        if book.consented_at.astimezone(ZoneInfo(HOURS["site"])).date() == book.on:
            return Person(
                sheets=tuple(book.sheets), consented_at=book.consented_at, randomised_on=book.on
            )
    raise RuntimeError("nobody is screened on one day")


def type_in(page: Page, sheet: Sheet, person: Person, now: datetime) -> None:
    """Answer what the form asks; what was later than the consent happens now."""
    local = now.astimezone(ZoneInfo(HOURS["site"]))
    days = local.date() - person.randomised_on
    moved = {
        name: _moved(value, person.consented_at, local, days)
        for name, value in sheet.values.items()
    }
    fill_in(page, moved)


def fill_in(page: Page, values: Mapping[str, object]) -> None:
    """Answer what the form asks, one question after another."""
    for name, value in values.items():
        field = page.locator(f'.field[data-item="{name}"]')
        if field.count() and field.is_visible():
            _answer(page, name, field.get_attribute("data-kind") or "", value)


def _moved(value: object, consented_at: datetime, local: datetime, days: timedelta) -> object:
    if isinstance(value, datetime):
        late = value >= consented_at
        return local if late else value.astimezone(local.tzinfo) + days
    if isinstance(value, date):
        return value + days
    return value


def _answer(page: Page, name: str, kind: str, value: object) -> None:
    inputs = page.locator(f'[name="v.{name}"]')
    if kind == "output" or value is None:
        return
    if kind in ("radio", "checks"):
        for one in value if isinstance(value, list | tuple) else [value]:
            page.locator(f'[name="v.{name}"][value="{_text(one)}"]').check()
    elif kind == "select":
        inputs.select_option(_text(value))
    else:
        inputs.fill(_text(value))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)
