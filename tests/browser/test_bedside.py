"""One dose at the bedside on a tablet: few touches, and clocks that survive a closed tablet."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import enter, follow, patient
from .journeys import journey
from .touches import Touches

pytestmark = pytest.mark.browser
TABLET = {"width": 820, "height": 1180}
WIDTHS = (360, 820, 1280)
SOON = {"en": "in 1", "zh-hans": "1"}


def on_tablet(chromium: Browser, running: SimpleNamespace, role: str, language: str) -> Page:
    context = chromium.new_context(viewport=TABLET)
    patient(context)
    page = context.new_page()
    enter(page, running, role, language)
    return page


def twelve_ago() -> str:
    """Twelve minutes ago on the clock of the site: the test does not wait for a look."""
    then = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=12)
    return then.strftime("%Y-%m-%d %H:%M")


def accessible(page: Page, name: str, language: str) -> None:
    """Nothing for axe to say, nothing that scrolls sideways, at three widths."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if eyes.WANTED:
            eyes.take(page, f"journey-bedside-{name}")
        assert eyes.wide(page) == [], (name, width)
    if language != "en":
        said = page.locator(".bedside").inner_text()
        assert re.findall(r"[A-Za-z]{2,} [A-Za-z]+", said) == [], name
    eyes.look(page, f"bedside-{name}")
    page.set_viewport_size(TABLET)


@journey("dosing nurse", "assessor")
def test_a_nurse_gives_the_first_dose_and_an_assessor_who_did_not_dose_looks_after_it(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    person = running.beds[language]
    work = f"{running.url}/{language}/entry/{person['code']}/"
    page = on_tablet(chromium, running, "dosing nurse", language)
    _starts(page, person, language)
    page.context.close()
    page = on_tablet(chromium, running, "dosing nurse", language)  # the tablet was closed
    page.goto(work)
    _stops(page, language)
    page.context.close()
    page = on_tablet(chromium, running, "assessor", language)
    page.goto(work)
    _looks(page, person, language)
    page.context.close()


def _starts(page: Page, person: dict[str, str], language: str) -> None:
    """From the row of the dose on My day."""
    follow(page, page.locator(f"main a[href$='/entry/{person['code']}/dose/']").first)
    accessible(page, "start", language)
    start = Touches(page)
    start.scan("#identity", person["code"])
    start.scan("#unit", person["unit"])
    start.tap("[data-no-to-all] button")
    assert page.locator(".group:visible").count() == 1  # only what is asked now
    page.evaluate("at => { document.getElementById('started').value = at; }", twelve_ago())
    start.tap(".bar-save button")
    page.wait_for_url("**/dose/1/")
    assert start.count <= 5
    accessible(page, "running", language)


def _stops(page: Page, language: str) -> None:
    follow(page, page.locator("main a[href$='/dose/1/']").first)
    expect(page.locator("[data-since]")).to_have_text(re.compile(r"^\d+:\d\d$"))
    stop = Touches(page)
    stop.fill("#f-volume_residual", "0.3")
    stop.tap("[name='v.interface']")
    stop.tap(".bar-save button")
    page.wait_for_url("**/watch/")
    assert stop.count <= 3
    expect(page.locator("[data-dosed]")).to_be_visible()  # who gave it does not assess
    assert page.locator("#entry").count() == 0
    accessible(page, "who-dosed", language)


def _looks(page: Page, person: dict[str, str], language: str) -> None:
    follow(page, page.locator("main a[href$='/watch/']").first)
    assert page.locator(".looks li").count() == 6
    accessible(page, "watch", language)
    assert person["unit"] not in page.content()
    look = Touches(page)
    look.tap(".bar-save button")  # the look at 15 minutes may be taken five minutes early
    expect(page.locator("[data-standing=done]")).to_have_count(1)
    assert look.count <= 2
    expect(page.locator("[aria-current=step] [data-due]")).to_contain_text(SOON[language])
    assert page.locator("#entry").count() == 0  # nothing to do until the next look


def test_two_tabs_on_the_next_entry_of_a_log_keep_both_and_drafts_survive_a_lost_line(
    chromium: Browser, running: SimpleNamespace
) -> None:
    page = on_tablet(chromium, running, "coordinator", "en")
    work = f"{running.url}/en/entry/{running.bedside['code']}/"
    other = page.context.new_page()
    page.goto(f"{work}cm/log/901/")
    other.goto(f"{work}cm/log/901/")
    page.locator(".field[data-kind=text] input").first.fill("paracetamol")
    state = page.locator("#unsaved")
    expect(state).to_have_attribute("data-state", "kept")
    page.context.set_offline(True)
    page.locator(".field[data-kind=text] input").first.fill("paracetamol 500")
    expect(state).to_have_attribute("data-state", "offline")
    page.locator(".bar-save button").click()  # does not leave the page while nothing arrives
    expect(state).to_have_attribute("data-state", "offline")
    page.context.set_offline(False)
    expect(state).to_have_attribute("data-state", "kept")
    page.locator(".bar-save button").click()
    page.wait_for_url("**/cm/log/901/?saved=1")
    other.locator(".field[data-kind=text] input").first.fill("ibuprofen")
    other.locator(".bar-save button").click()
    other.wait_for_url("**/cm/log/902/?saved=1")
    page.context.close()
