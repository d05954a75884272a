"""One dose at the bedside on a tablet: few touches, and clocks that survive a closed tablet."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import LANGUAGES, enter, patient
from .touches import Touches

pytestmark = pytest.mark.browser
TABLET = {"width": 820, "height": 1180}
WIDTHS = (360, 820, 1280)


@pytest.fixture
def ward(running: SimpleNamespace) -> SimpleNamespace:
    """The trial with one participant whose first unit is prepared: `url`, `code`, `unit`."""
    return SimpleNamespace(**vars(running), **running.bedside)


def on_tablet(chromium: Browser, ward: SimpleNamespace, role: str) -> tuple[Page, str]:
    context = chromium.new_context(viewport=TABLET)
    patient(context)
    page = context.new_page()
    enter(page, ward, role)
    return page, f"{ward.url}/en/entry/{ward.code}/"


def twelve_ago() -> str:
    """Twelve minutes ago on the clock of the site: the test does not wait for a look."""
    then = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=12)
    return then.strftime("%Y-%m-%d %H:%M")


def accessible(page: Page, name: str) -> None:
    """Nothing for axe to say, nothing that scrolls sideways, at three widths and in both languages."""
    for language in LANGUAGES:
        page.goto(page.url.replace("/en/", f"/{language}/").replace("/zh-hans/", f"/{language}/"))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if eyes.WANTED:
                eyes.take(page, f"bedside-{name}")
            assert eyes.wide(page) == [], (name, language, width)
        if language != "en":
            said = page.locator(".bedside").inner_text()
            assert re.findall(r"[A-Za-z]{2,} [A-Za-z]+", said) == [], name
        eyes.look(page, f"bedside-{name}")
    page.set_viewport_size(TABLET)
    page.goto(page.url.replace("/zh-hans/", "/en/"))


def test_an_uneventful_first_dose(chromium: Browser, ward: SimpleNamespace) -> None:
    page, work = on_tablet(chromium, ward, "dosing nurse")
    page.goto(f"{work}dose/")
    accessible(page, "start")
    start = Touches(page)
    start.scan("#identity", ward.code)
    start.scan("#unit", ward.unit)
    start.tap("[data-no-to-all] button")
    assert page.locator(".group:visible").count() == 1  # only what is asked now
    page.evaluate("at => { document.getElementById('started').value = at; }", twelve_ago())
    start.tap(".bar-save button")
    page.wait_for_url("**/dose/1/")
    assert start.count <= 5
    accessible(page, "running")
    page.context.close()

    page, work = on_tablet(chromium, ward, "dosing nurse")  # the tablet was closed
    page.goto(work)
    page.get_by_role("link", name="Stop the dose that is running").click()
    shown = page.locator("[data-since]")
    expect(shown).to_have_text(re.compile(r"^\d+:\d\d$"))
    stop = Touches(page)
    stop.count += 1
    page.fill("#f-volume_residual", "0.3")
    stop.tap("[name='v.interface']")
    stop.tap(".bar-save button")
    page.wait_for_url("**/watch/")
    assert stop.count <= 3
    expect(page.locator("[data-dosed]")).to_be_visible()  # who gave it does not assess
    assert page.locator("#entry").count() == 0
    page.context.close()

    page, work = on_tablet(chromium, ward, "assessor")
    page.goto(work)
    page.get_by_role("link", name="Observation after the dose").click()
    assert page.locator(".looks li").count() == 6
    accessible(page, "watch")
    assert ward.unit not in page.content()
    look = Touches(page)
    look.tap(".bar-save button")  # the look at 15 minutes may be taken five minutes early
    expect(page.locator("[data-standing=done]")).to_have_count(1)
    assert look.count <= 2
    expect(page.locator("[aria-current=step] [data-due]")).to_contain_text("in 1")
    assert page.locator("#entry").count() == 0  # nothing to do until the next look


def test_two_tabs_on_the_next_entry_of_a_log_keep_both_and_drafts_survive_a_lost_line(
    chromium: Browser, ward: SimpleNamespace
) -> None:
    page, work = on_tablet(chromium, ward, "coordinator")
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
