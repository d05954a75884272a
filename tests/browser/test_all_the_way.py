"""One person's way through the trial, from reading about it to reading its results.

Nothing is typed twice, and nobody but the pharmacist learns what is in the kit. The first part
happens a day ago, so that the diary is due today; only the lock is prepared out of sight.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import CHINESE, enter, enter_side, follow, run_trial, window
from .letters import link
from .pharmacy import fill_preparation, take_out
from .serving import prepared, script
from .talks import agree, come_in, pre_screened
from .touches import Touches
from .typist import somebody, type_in

pytestmark = pytest.mark.browser
HOURS = 25
SUMMARY = {"en": "People felt better sooner.", "zh-Hans": "参与者更早好转。"}
NAME = {"en": "Wren Bird", "zh-hans": "鹪鹩"}


def seen(page: Page, name: str) -> None:
    """Nothing is cut off; a picture where somebody wants one."""
    if eyes.WANTED:
        eyes.take(page, f"whole-{name}")
    assert eyes.wide(page) == [], name


@pytest.mark.parametrize("language", CHINESE)
def test_from_reading_about_the_study_to_reading_its_results(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    address = "wren@example.org"
    with (
        run_trial(tmp_path, nobody=True, earlier=HOURS) as told,
        window(chromium, "phone") as phone,
        window(chromium) as staff,
    ):
        served = SimpleNamespace(**told)
        code = _asks_and_is_answered(phone, staff, served, language, address)
        _consents(staff, served, code, language, address)
        _screened(staff, served, code, language)
        kit = _randomised(staff, served, code, language)
        _first_dose(chromium, served, code, kit, language)
    with run_trial(tmp_path) as told, window(chromium, "phone") as phone:
        served = SimpleNamespace(**told)
        come_in(phone, served, code, address, language, seen)
        _diary(phone, served, language)
        prepared(script("locked.py", served.folder))
        with window(chromium) as staff:
            _results(phone, staff, served, language, address)


def _asks_and_is_answered(
    phone: Page, staff: Page, served: SimpleNamespace, language: str, address: str
) -> str:
    """Read, pre-screen, write; the coordinator finds it under My day and hands over."""
    pre_screened(phone, served, NAME[language], address, language, seen)
    enter(staff, served, "coordinator", language)
    seen(staff, "my-day")
    staff.locator("#h-contacts").locator("xpath=..").get_by_role("link").first.click()
    staff.fill("#text", "Please come in tomorrow. 请明天来院。")
    staff.locator("button[value=answer]").click()
    expect(staff.locator("#h-reply")).to_be_visible()
    seen(staff, "answered")
    staff.locator("button[value=hand-over]").click()
    expect(staff).to_have_url(re.compile("/site/participants/SITE"))
    return staff.url.rstrip("/").rpartition("/")[2]


def _consents(staff: Page, served: SimpleNamespace, code: str, language: str, address: str) -> None:
    """At the bedside; name and address are there already."""
    staff.goto(f"{served.url}/{language}/consent/{code}/")
    expect(staff.locator("#p-name")).to_have_value(NAME[language])
    expect(staff.locator("#p-address")).to_have_value(address)
    seen(staff, "consent")
    agree(staff, NAME[language], language, seen)


def _screened(staff: Page, served: SimpleNamespace, code: str, language: str) -> None:
    """Every form that is due, each from the list of what is to be filled in."""
    person, work = somebody(1), f"{served.url}/{language}/entry/{code}/"
    now = datetime.now(UTC) - timedelta(hours=HOURS)
    sheets = {(one.form, one.visit): one for one in person.sheets}
    staff.goto(work)
    seen(staff, "to-fill-in")
    for form, visit in sheets:
        row = staff.locator(f'ul.rows a[href*="/{form}/{visit}/"]')
        if not row.count():
            continue
        follow(staff, row)
        type_in(staff, sheets[form, visit], person, now)
        seen(staff, f"form-{form}")
        _save(staff)
        staff.goto(work)
    expect(staff.locator("#eligibility strong")).to_be_visible()
    seen(staff, "eligible")


def _save(staff: Page) -> None:
    """Save; where an unusual answer is asked about, it is right."""
    staff.locator(".bar-save button").click()
    expect(staff.locator("#saved, .msg.soft:visible, [name=confirm]").first).to_be_attached()
    if not staff.locator("#saved").count():
        staff.locator(".bar-save button").last.click()
        expect(staff.locator("#saved")).to_be_attached()


def _randomised(staff: Page, served: SimpleNamespace, code: str, language: str) -> str:
    """The investigator signs what makes the person eligible, and randomises; only a kit is told."""
    enter(staff, served, "investigator", language)
    seen(staff, "my-day-of-the-investigator")
    staff.locator("#h-signatures").locator("xpath=..").get_by_role("link").first.click()
    seen(staff, "sign")
    staff.locator("main form button[type=submit]").last.click()
    expect(staff.locator("main [role=status]").first).to_be_visible()
    work = f"{served.url}/{language}/entry/{code}/"
    staff.goto(work)
    staff.locator('a[href$="/do/randomise/"]').first.click()
    seen(staff, "randomise")
    staff.locator("main form button[type=submit]").click()
    staff.wait_for_url("**done=randomise")
    seen(staff, "randomised")
    kit = staff.locator(".note .code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", kit)
    staff.locator('a[href$="/do/dispense/"]').first.click()
    staff.locator("main form button[type=submit]").click()
    staff.wait_for_url("**done=dispense")
    return kit


def _first_dose(
    chromium: Browser, served: SimpleNamespace, code: str, kit: str, language: str
) -> None:
    """The pharmacist prepares on the other side; the nurse gives."""
    with window(chromium, "wide") as page:
        enter_side(page, served, "pharmacist", language)
        seen(page, "worklist")
        page.locator("tbody a.button").first.click()
        take_out(page)
        now = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=HOURS)
        fill_preparation(page, served, f"{kit}-01", now)
        seen(page, "preparation")
        page.locator("main form button[type=submit]").last.click()
        page.wait_for_url("**/worklist/**")
    with window(chromium, {"width": 820, "height": 1180}) as tablet:
        enter(tablet, served, "dosing nurse", language)
        seen(tablet, "my-day-of-the-nurse")
        tablet.goto(f"{served.url}/{language}/entry/{code}/dose/")
        touches = Touches(tablet)
        touches.scan("#identity", code)
        touches.scan("#unit", f"{kit}-01")
        touches.tap("[data-no-to-all] button")
        seen(tablet, "dose")
        touches.tap(".bar-save button")
        tablet.wait_for_url("**/dose/1/")
        seen(tablet, "dose-running")


def _diary(phone: Page, served: SimpleNamespace, language: str) -> None:
    """Today's entry, on the phone."""
    seen(phone, "own-pages")
    follow(phone, phone.locator('a[href*="/me/diary/1/"]').first)
    for group in phone.locator("fieldset.ask:has([type=radio])").all():
        group.locator("label").first.click()
    phone.locator("[data-by='10']").click()
    seen(phone, "diary")
    phone.locator("form[data-day] button[type=submit]").click()
    phone.wait_for_url("**done=diary")
    seen(phone, "diary-kept")


def _results(
    phone: Page, staff: Page, served: SimpleNamespace, language: str, address: str
) -> None:
    """The sponsor releases the summary; a letter leads to it; the office sees that it was read."""
    enter(staff, served, "sponsor", language)
    staff.goto(f"{served.url}/{language}/consent/results/")
    for one, text in SUMMARY.items():
        staff.fill(f'[name="text.{one}"]', text)
    staff.locator("main form button[type=submit]").click()
    staff.wait_for_url("**done=1")
    seen(staff, "released")
    phone.goto(link(served.letters, address, "me/results"))
    expect(phone.locator("main")).to_contain_text(SUMMARY["zh-Hans" if language != "en" else "en"])
    seen(phone, "results")
    staff.goto(f"{served.url}/{language}/consent/results/")
    expect(staff.locator(".tile .n").last).to_have_text("1")
