"""The work of those who clean and analyse, each from their own pages."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from .conftest import enter, follow, listen, window
from .journeys import journey, seen, through

pytestmark = pytest.mark.browser
QUESTION = "Is this the value on the chart? 与原始记录一致吗？"


@journey("monitor", "coordinator")
def test_a_monitor_compares_and_asks_the_site_answers_and_the_monitor_closes(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    with window(chromium) as monitor, window(chromium, "phone") as coordinator:
        enter(monitor, running, "monitor", language)
        seen(monitor, "monitor-day")
        through(monitor, "/data/verification/")
        monitor.fill("[name=search]", running.beds[language]["code"])
        follow(monitor, monitor.locator("form.filters button"))
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


@journey("data manager", "dosing nurse", first="zh-hans")
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
        through(manager, "/data/deviations/")
        seen(manager, "deviations")
        manager.get_by_role("link", name=re.compile("秤未校准")).first.click()
        manager.locator("[name=class]").first.check()
        manager.fill("#text", "Nothing was weighed with it. 未用于称重。")
        manager.locator("main form[method=post] button[type=submit]").click()
        expect(manager.locator(".turns")).to_contain_text("未用于称重")
        seen(manager, "classified")
        through(manager, "/finalise/locks/")
        manager.locator("a[href*='scope=site']").first.click()
        expect(manager.locator(".points li").first).to_be_visible()
        seen(manager, "checklist")


@journey("statistician", first="zh-hans")
def test_a_statistician_reads_the_results_after_unblinding(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    with window(chromium) as page:
        complaints = listen(page, demo.url)
        enter(page, demo, "statistician", language)
        seen(page, "statistician-day")
        through(page, "/results/")
        expect(page.locator("#h-table")).to_be_visible()
        assert page.locator("main tbody tr").count() > 3
        seen(page, "statistician-results")
        report = page.locator("main a.button").first
        follow(page, report)
        expect(page.locator("body")).not_to_be_empty()
        page.go_back()
        through(page, "/exports/")
        seen(page, "statistician-exports")
        expect(page.locator("form [name=kind][value=csv]")).to_have_count(1)
    assert complaints == []
