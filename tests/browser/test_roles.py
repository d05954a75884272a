"""The main piece of work of those who clean and watch over the trial, each from their own pages."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from equipoise.protocol.load import load

from . import eyes
from .conftest import CHINESE, ENGLISH, enter, enter_side, window

pytestmark = pytest.mark.browser
english = pytest.mark.parametrize("language", ENGLISH)
chinese = pytest.mark.parametrize("language", CHINESE)
QUESTION = "Is this the value on the chart? 与原始记录一致吗？"


def seen(page: Page, name: str) -> None:
    """Nothing is cut off; a picture where somebody wants one."""
    if eyes.WANTED:
        eyes.take(page, f"role-{name}")
    assert eyes.wide(page) == [], name


@english
def test_a_monitor_compares_and_asks_the_site_answers_and_the_monitor_closes(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    at = f"{running.url}/{language}"
    with window(chromium) as monitor, window(chromium, "phone") as coordinator:
        enter(monitor, running, "monitor", language)
        seen(monitor, "monitor-day")
        monitor.goto(f"{at}/data/verification/?search={running.home['code']}")
        seen(monitor, "verification")
        monitor.locator("tbody th a[href*='/verification/']").first.click()
        monitor.locator("[name=item]").first.check()
        seen(monitor, "compare")
        monitor.locator("main form[method=post] button[type=submit]").click()
        expect(monitor.locator("[role=status]")).to_be_visible()
        monitor.locator("tbody td a[href*='item=']").first.click()
        monitor.fill("#text", QUESTION)
        seen(monitor, "ask")
        monitor.locator("main form[method=post] button[type=submit]").click()
        expect(monitor.locator(".turns")).to_contain_text(QUESTION)
        query = monitor.url.partition("?")[0]
        enter(coordinator, running, "coordinator", language)
        coordinator.locator(f'#findings a[href*="{query.partition("/data/")[2]}"]').click()
        coordinator.fill("#text", "Checked: it is. 已核对。")
        seen(coordinator, "query")
        coordinator.locator("button[value=answer]").click()
        expect(coordinator.locator(".turns")).to_contain_text("已核对")
        monitor.goto(query)
        monitor.locator("button[value=close]").click()
        expect(monitor.locator("button[value=reopen]")).to_be_visible()
        seen(monitor, "closed")


@chinese
def test_a_data_manager_classifies_what_a_nurse_reports(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    at = f"{running.url}/{language}"
    with window(chromium, "phone") as nurse, window(chromium) as manager:
        enter(nurse, running, "dosing nurse", language)
        nurse.goto(f"{at}/data/deviations/new/")
        nurse.fill("#code", running.home["code"])
        nurse.fill("#text", "The scale was not calibrated. 秤未校准。")
        seen(nurse, "report")
        nurse.locator("main form[method=post] button[type=submit]").click()
        expect(nurse.locator("main")).to_contain_text("秤未校准")
        enter(manager, running, "data manager", language)
        seen(manager, "manager-day")
        manager.goto(f"{at}/data/deviations/?search={running.home['code']}")
        seen(manager, "deviations")
        manager.get_by_role("link", name=re.compile("秤未校准")).first.click()
        manager.locator("[name=class]").first.check()
        manager.fill("#text", "Nothing was weighed with it. 未用于称重。")
        manager.locator("main form[method=post] button[type=submit]").click()
        expect(manager.locator(".turns")).to_contain_text("未用于称重")
        seen(manager, "classified")
        manager.goto(f"{at}/finalise/locks/")
        manager.locator("a[href*='scope=site']").first.click()
        expect(manager.locator(".points li").first).to_be_visible()
        seen(manager, "checklist")


@english
def test_the_board_sees_letters_and_the_unblinded_monitor_the_account(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    protocol = load("nct05787288").protocol
    names = [arm.title.say(one) for arm in protocol.arms for one in ("en", "zh-Hans")]
    with window(chromium, {"width": 820, "height": 1180}) as page:
        enter_side(page, demo, "safety-board statistician", language)
        expect(page.locator("tbody th").first).to_have_text(re.compile("[XY]"))
        assert [name for name in names if name in page.locator("main").inner_text()] == []
        seen(page, "board")
        page.context.clear_cookies()
        enter_side(page, demo, "unblinded monitor", language)
        page.goto(f"{demo.side}/{language}/accountability/")
        expect(page.locator("main table").first).to_be_visible()
        seen(page, "accountability")
