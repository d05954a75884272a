"""The unblinded side on a tablet and a telephone, in both languages: seen, read, and used."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import AXE, LANGUAGES
from .test_access import RULES

pytestmark = pytest.mark.browser
SIZES = {"tablet": {"width": 820, "height": 1180}, "telephone": {"width": 360, "height": 740}}
PAGES = {
    "pharmacist": ("worklist", "kits", "lots", "preparations"),
    "unblinded monitor": ("accountability", "journal", "journal/?all=1"),
    "safety-board statistician": ("board",),
    "investigator": ("reveal",),
    "safety reporter": ("reveal-for-report",),
}


@pytest.fixture(scope="module")
def side(demo: SimpleNamespace) -> SimpleNamespace:
    """The other address of the demonstration, and its PINs by role."""
    host, _, port = demo.url.rpartition(":")
    listed = json.loads((demo.folder / "unblinded-logins.json").read_text())
    return SimpleNamespace(
        url=f"{host}:{int(port) + 1}", logins={one["role"]: one for one in listed}
    )


def _sign_in(page: Page, side: SimpleNamespace, role: str, language: str) -> None:
    page.goto(f"{side.url}/{language}/sign-in/")
    page.click(f'a[href="?as={side.logins[role]["username"]}"]')
    page.click("main form button[type=submit]")
    page.wait_for_selector("form.me")


def _wrong(page: Page, width: int) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    wrong = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
    wider = page.evaluate("document.documentElement.scrollWidth")
    return wrong + ([f"{wider} px wide"] if wider > width + 1 else [])


def _all(page: Page, side: SimpleNamespace, language: str) -> Iterator[str]:
    for path in ("sign-in", "first-pin", "no-such-page"):
        page.goto(f"{side.url}/{language}/{path}/")
        yield path
    for role, paths in PAGES.items():
        page.context.clear_cookies()
        _sign_in(page, side, role, language)
        for path in paths:
            page.goto(f"{side.url}/{language}/{path}" + ("" if "?" in path else "/"))
            yield path
        if role == "pharmacist":
            page.goto(f"{side.url}/{language}/lots/")
            page.locator("tbody th a").first.click()
            yield "lot"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_no_unblinded_page_shuts_anybody_out(
    chromium: Browser, side: SimpleNamespace, size: str, language: str
) -> None:
    viewport = SIZES[size]
    with chromium.new_context(viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        wrong = {path: _wrong(page, viewport["width"]) for path in _all(page, side, language)}
    assert {path: found for path, found in wrong.items() if found} == {}


def test_an_investigator_unblinds_within_thirty_seconds_and_sees_it_once(
    chromium: Browser, side: SimpleNamespace, demo: SimpleNamespace
) -> None:
    with chromium.new_context(viewport=SIZES["tablet"]) as context:
        page = context.new_page()
        _sign_in(page, side, "unblinded monitor", "en")
        page.goto(f"{side.url}/en/kits/?site={side.logins['investigator']['site']}")
        shown = page.locator('td[data-label="Participant"]').all_inner_texts()
        code = next(text for text in shown if text.count("-") == 2)
        page.context.clear_cookies()
        began = time.monotonic()
        page.goto(f"{side.url}/en/reveal/")
        page.fill("#person", side.logins["investigator"]["username"])
        page.fill("#participant", code)
        page.fill("#reason", "anaphylaxis")
        page.click("main form button")
        page.fill("#pin", side.logins["investigator"]["pin"])
        page.click("main form button")
        expect(page.locator(".arm")).to_have_count(1)
        assert time.monotonic() - began < 30
        page.reload()
        refusal = page.locator("[data-code]")
        expect(refusal).to_have_attribute("data-code", "refused.assertion-used")
        expect(page.locator(".arm")).to_have_count(0)
