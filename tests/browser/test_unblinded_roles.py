"""The work of those on the unblinded side, from their own first page on: in both languages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from equipoise.protocol.load import load

from .conftest import enter, enter_side, follow, window
from .journeys import journey, seen, send, through
from .pharmacy import fill_preparation, take_out

pytestmark = pytest.mark.browser
TABLET = {"width": 820, "height": 1180}
ZONE = ZoneInfo("Asia/Shanghai")
REASON = "Within the stability data of the lot. 在该批号的稳定性数据范围内。"
MINUTES = "Six reviewed, no concern. 已审查6例，无异议。"
SITES = {"en": "site-02", "zh-hans": "site-03"}


def arms_named(page: Page) -> list[str]:
    """The arms that the page names."""
    protocol = load("nct05787288").protocol
    names = [arm.title.say(one) for arm in protocol.arms for one in ("en", "zh-Hans")]
    return [name for name in names if name in page.locator("main").inner_text()]


@journey("pharmacist", first="zh-hans")
def test_a_pharmacist_takes_a_unit_out_of_the_cold_and_prepares_it_before_a_second_person(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    person, now = running.wards[language], datetime.now(ZONE)
    with window(chromium, TABLET) as page:
        enter_side(page, running, "pharmacist", language)
        seen(page, "pharmacist-worklist")
        follow(page, page.locator("tr", has_text=person["code"]).locator("a.button"))
        seen(page, "pharmacist-thaw")
        take_out(page)
        seen(page, "pharmacist-prepare")
        fill_preparation(page, running, person["unit"], now)
        page.fill("#second", running.pins["pharmacist"]["username"])
        follow(page, page.locator("main form button[type=submit]").last)
        expect(page.locator("[data-code='refused.same-person']")).to_be_visible()
        seen(page, "pharmacist-alone")
        fill_preparation(page, running, person["unit"], now)
        follow(page, page.locator("main form button[type=submit]").last)
        expect(page.locator("main [role=status]")).to_contain_text(person["unit"])
        row = page.locator("tr", has_text=person["code"])
        expect(row.locator(".badge-eq.t-good")).to_be_visible()
        through(page, "/preparations/")
        expect(page.locator("main")).to_contain_text(person["unit"])
        seen(page, "pharmacist-preparations")


@journey("unblinded monitor")
def test_an_unblinded_monitor_decides_an_excursion_and_reads_the_account(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    with window(chromium) as pharmacist, window(chromium) as page:
        enter_side(pharmacist, demo, "pharmacist", language)
        _report_excursion(pharmacist, SITES[language])
        seen(pharmacist, "pharmacist-excursion")
        enter_side(page, demo, "unblinded monitor", language)
        expect(page.locator("main table").first).to_be_visible()
        seen(page, "unblinded-monitor-account")
        through(page, "/lots/")
        follow(page, page.locator("main a[href$='/excursions/']"))
        form = page.locator("form:has([name=decide])")
        waiting = form.locator("#excursion option", has_text=SITES[language])
        form.locator("#excursion").select_option(waiting.first.get_attribute("value"))
        form.locator("#decision").select_option("use")
        form.locator("#reason").fill(REASON)
        form.locator("#pin").fill(demo.pins["unblinded monitor"]["pin"])
        seen(page, "unblinded-monitor-decides")
        follow(page, form.locator("button.button").first)
        row = page.locator("tbody tr", has_text=SITES[language])
        expect(row.filter(has_text=REASON)).to_be_visible()
        seen(page, "unblinded-monitor-decided")
        through(page, "/journal/")
        follow(page, page.locator("main a[href='?all=1']"))
        expect(page.locator("main tbody tr").first).to_be_visible()
        seen(page, "unblinded-monitor-journal")


def _report_excursion(page: Page, site: str) -> None:
    through(page, "/lots/")
    follow(page, page.locator("main a[href$='/excursions/']"))
    form = page.locator("form:has(#place)")
    form.locator("#place").select_option(f"site:{site}")
    now = datetime.now(ZONE)
    for name, hours in (("began", 3), ("ended", 2)):
        then = (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")
        form.locator(f"#{name}").fill(then)
    form.locator("#lowest").fill("-71")
    form.locator("#highest").fill("-58.5")
    follow(page, form.locator("button"))
    expect(page.locator("tbody tr", has_text="-58.5").first).to_be_visible()


@journey("safety-board statistician", first="zh-hans")
def test_a_board_statistician_reads_groups_that_are_letters(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    with window(chromium) as page:
        enter(page, demo, "safety-board statistician", language)
        expect(page).to_have_url(re.compile("/unblinded-side/"))
        seen(page, "elsewhere")
        enter_side(page, demo, "safety-board statistician", language)
        expect(page.locator("tbody th").first).to_have_text(re.compile("[XY]"))
        page.locator("main summary").click()
        assert arms_named(page) == []
        seen(page, "board-statistician")


@journey("safety-board member")
def test_a_board_member_reads_the_letters_and_lets_randomisation_go_on(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    with window(chromium, TABLET) as page:
        enter_side(page, running, "safety-board member", language)
        assert arms_named(page) == []
        seen(page, "board-member")
        enter(page, running, "safety-board member", language)
        follow(page, page.locator("main a[href$='/finalise/board/']"))
        page.select_option("#about", "critical" if language == "en" else "sentinel")
        page.fill("#words", MINUTES)
        seen(page, "board-decision")
        send(page)
        expect(page.locator("main [role=status]")).to_be_visible()
        expect(page.locator("main")).to_contain_text(MINUTES)
        seen(page, "board-decided")


@journey("safety reporter", first="zh-hans")
def test_a_safety_reporter_learns_one_product_for_one_report_once(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    with window(chromium, "phone") as page:
        enter_side(page, demo, "unblinded monitor", language)
        through(page, "/kits/")
        shown = page.locator("td.code").all_inner_texts()
        codes = [text for text in shown if text.count("-") == 2]  # of participants
        page.context.clear_cookies()
        enter_side(page, demo, "safety reporter", language)
        page.fill("#participant", codes[-1])
        page.fill("#reason", "SUSAR")
        seen(page, "reporter")
        follow(page, page.locator("main form button"))
        page.fill("#pin", demo.pins["safety reporter"]["pin"])
        seen(page, "reporter-confirms")
        follow(page, page.locator("main form button").first)
        expect(page.locator(".arm")).to_have_count(1)
        seen(page, "reporter-told")
        page.reload()
        expect(page.locator("[data-code='refused.assertion-used']")).to_be_visible()
        expect(page.locator(".arm")).to_have_count(0)
