"""The unblinded side on a tablet and a telephone, in both languages: seen, read, and used."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import enter_side, window
from .touches import Touches

pytestmark = pytest.mark.browser
TABLET = {"width": 820, "height": 1180}


def test_an_investigator_unblinds_in_three_pages_and_six_touches_and_sees_it_once(
    chromium: Browser, demo: SimpleNamespace
) -> None:
    with window(chromium, TABLET) as page:
        enter_side(page, demo, "unblinded monitor")
        page.goto(f"{demo.side}/en/kits/?site={demo.pins['investigator']['site']}")
        shown = page.locator('td[data-label="Participant"]').all_inner_texts()
        code = next(text for text in shown if text.count("-") == 2)
        page.context.clear_cookies()
        touches = Touches(page)
        page.goto(f"{demo.side}/en/reveal/")
        touches.fill("#person", demo.pins["investigator"]["username"])
        touches.fill("#participant", code)
        touches.fill("#reason", "anaphylaxis")
        touches.tap("main form button")
        touches.fill("#pin", demo.pins["investigator"]["pin"])
        touches.tap("main form button")
        expect(page.locator(".arm")).to_have_count(1)
        assert touches.count <= 6
        assert touches.pages <= 3
        page.reload()
        refusal = page.locator("[data-code]")
        expect(refusal).to_have_attribute("data-code", "refused.assertion-used")
        expect(page.locator(".arm")).to_have_count(0)


def _device(page: Page) -> None:
    """A device that makes passkeys and recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
               "hasUserVerification": True, "isUserVerified": True,
               "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_pharmacist_makes_a_passkey_and_signs_in_with_it_alone(
    chromium: Browser, demo: SimpleNamespace
) -> None:
    side, person = demo.side.replace("127.0.0.1", "localhost"), demo.pins["pharmacist"]
    with window(chromium, TABLET) as page:
        _device(page)
        page.goto(f"{side}/en/first-passkey/")
        page.fill("#person", person["username"])
        page.select_option("#kind", "pin")
        page.fill("#secret", person["pin"])
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("The passkey was made")
        page.fill("#person", person["username"])
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.goto(f"{side}/en/first-passkey/")
        page.fill("#secret", "not the PIN at all")
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.locator("[data-code]")).to_have_attribute("data-code", "refused.assertion")
