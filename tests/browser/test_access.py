"""Every page, in both languages, wide and narrow: no axe violation, nothing wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page

from .conftest import AXE, LANGUAGES, SIZES, enter

pytestmark = pytest.mark.browser
PAGES = {
    None: ("", "sign-in/", "no-such-page/"),
    "coordinator": (
        "site/?on=busy",
        "site/participants/?on=",
        "site/matrix/?on=busy",
        "office/recruitment/?on=",
        "office/flow/",
    ),
    "monitor": ("office/?on=busy", "site/matrix/?on=", "office/staff/"),
    "administrator": ("office/", "office/staff/"),
    "statistician": ("results/blinded/", "results/"),
    "pharmacist": ("unblinded-side/",),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _examine(page: Page, width: int) -> list[str]:
    """What axe finds wrong, and whether the page is wider than the window."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    wrong = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
    wider = page.evaluate("document.documentElement.scrollWidth")
    return wrong + ([f"{wider} px wide"] if wider > width + 1 else [])


def _all(page: Page, demo: SimpleNamespace, language: str) -> Iterator[str]:
    """Go to one page after the other, by role."""
    for role, paths in PAGES.items():
        if role is not None:
            page.context.clear_cookies()
            enter(page, demo, role, language)
        for path in paths:
            page.goto(f"{demo.url}/{language}/{path}")
            yield path
        if role == "monitor":
            yield from _participant(page, demo, language)


def _participant(page: Page, demo: SimpleNamespace, language: str) -> Iterator[str]:
    page.goto(f"{demo.url}/{language}/site/participants/?status=completed")
    page.locator("tbody th a").first.click()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    yield "participant"
    page.locator("details .rows a").first.click()
    yield "record"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_no_page_shuts_anybody_out(
    chromium: Browser, demo: SimpleNamespace, size: str, language: str
) -> None:
    viewport = SIZES[size]
    with chromium.new_context(viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        wrong = {path: _examine(page, viewport["width"]) for path in _all(page, demo, language)}
    assert {path: found for path, found in wrong.items() if found} == {}


def test_nothing_is_cut_off_at_360_pixels(chromium: Browser, demo: SimpleNamespace) -> None:
    with chromium.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        wide = {
            path: page.evaluate("document.documentElement.scrollWidth")
            for path in _all(page, demo, "en")
        }
    assert {path: width for path, width in wide.items() if width > 361} == {}


def test_targets_are_at_least_24_pixels(chromium: Browser, demo: SimpleNamespace) -> None:
    """Links in running text are excepted, as WCAG 2.5.8 does."""
    script = """() => [...document.querySelectorAll('a, button, input, select, summary')]
        .filter(one => one.offsetParent && !one.closest('p, dd, td, .prose, .skip') && one.type !== 'hidden')
        .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html)"""
    with chromium.new_context(viewport=SIZES["phone"]) as context:
        page = context.new_page()
        small = {path: page.evaluate(script) for path in _all(page, demo, "en")}
    assert {path: found for path, found in small.items() if found} == {}
