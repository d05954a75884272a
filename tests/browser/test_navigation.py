"""The navigation at 360 px: by keyboard, and without script."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from . import eyes
from .conftest import LANGUAGES, enter, window

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
def test_a_group_opens_by_keyboard_and_leads_on(
    chromium: Browser, demo: SimpleNamespace, script: bool
) -> None:
    with window(chromium, "phone") as first:
        enter(first, demo, "data manager")
        cookies = first.context.cookies()
    with window(chromium, "phone", java_script_enabled=script) as page:
        page.context.add_cookies(cookies)
        for language in LANGUAGES:
            page.goto(f"{demo.url}/{language}/office/")
            data = page.locator(".menu summary").nth(1)
            data.press("Enter")
            opened = page.locator(".menu details[open]")
            expect(opened).to_have_count(1)
            if script:
                eyes.look(page, "menu")
                page.keyboard.press("Escape")
                expect(opened).to_have_count(0)
                data.press("Enter")
            opened.locator("a").nth(1).press("Enter")
            page.wait_for_url("**/data/verification/")
            expect(page.locator(".menu summary.here")).to_have_count(1)
            expect(page.locator(".menu a[aria-current=page]")).to_have_count(1)
