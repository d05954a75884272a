"""Passkeys, invitations and lockout in a real browser; pages about people for everybody's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .conftest import SIZES, enter, patient
from .eyes import wrong

pytestmark = pytest.mark.browser
PHRASE = "seven quiet herons"


@pytest.fixture(scope="module")
def site(demo: SimpleNamespace) -> SimpleNamespace:
    """The demonstration under the name for which browsers make passkeys."""
    return SimpleNamespace(url=demo.url.replace("127.0.0.1", "localhost"), logins=demo.logins)


@pytest.fixture
def desk(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser with a device that makes passkeys and recognises its owner."""
    with chromium.new_context(viewport=SIZES["wide"], locale="en-GB") as context:
        patient(context)
        yield context


def _device(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def _invite(page: Page, site: SimpleNamespace, username: str) -> str:
    """Invite a monitor as the administrator, and sign out; the link."""
    enter(page, site, "administrator")
    page.goto(f"{site.url}/en/people/members/")
    page.fill("#full_name", "Mei Lin")
    page.fill("#username", username)
    page.select_option("#role", "monitor")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.locator("[data-link-text]").inner_text()
    page.context.clear_cookies()
    return link


def _accept(page: Page, link: str) -> None:
    page.goto(link)
    page.fill("#new", PHRASE)
    page.fill("#again", PHRASE)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("**/sign-in/enrol/")


def test_an_invited_person_makes_a_passkey_and_signs_in_with_it_alone(
    desk: BrowserContext, site: SimpleNamespace
) -> None:
    page = desk.new_page()
    _device(page)
    _accept(page, _invite(page, site, "mei.lin"))
    page.fill("#name", "office computer")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/en/office/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/en/sign-in/?next=/en/people/me/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/en/people/me/")
    expect(page.get_by_text("office computer")).to_be_visible()
    page.fill("#prove-password", PHRASE)
    page.get_by_role("button", name="Use my passkey").first.click()
    expect(page.locator("[data-passkey-done]").first).to_be_visible()
    page.get_by_role("button", name="New recovery codes").click()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    page.goto(f"{site.url}/en/people/confirm/?purpose=sign%203f2a&next=/en/office/flow/")
    page.fill("#prove-password", PHRASE)
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.locator("[data-passkey-done]")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/en/office/flow/")


def test_a_passkey_serves_as_the_second_step_and_five_wrong_codes_close_the_door(
    desk: BrowserContext, site: SimpleNamespace
) -> None:
    page = desk.new_page()
    _device(page)
    _accept(page, _invite(page, site, "yu.an"))
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/en/sign-in/")
    page.fill("#username", "yu.an")
    page.fill("#password", PHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/sign-in/second/")
    again = page.url
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url("**/en/office/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/en/sign-in/")
    page.fill("#username", "yu.an")
    page.fill("#password", PHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(again)
    for _ in range(5):
        page.fill("#code", "00000")
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("[data-code='sign-in.locked-out']")).to_be_visible()


def test_a_session_that_is_about_to_end_says_so_and_goes_on_at_a_touch(
    site: SimpleNamespace, desk: BrowserContext
) -> None:
    page = desk.new_page()
    page.clock.install()
    enter(page, site, "monitor")
    left = {"seconds": 100, "whole": False}
    page.route("**/sign-in/left/", lambda route: route.fulfill(json=left))
    page.goto(f"{site.url}/en/office/")
    box = page.locator("#ends")
    expect(box).to_be_hidden()
    page.clock.fast_forward(61_000)
    expect(box).to_contain_text("will be signed out in two minutes")
    assert wrong(page) == []
    left["seconds"] = 900
    page.get_by_role("button", name="Stay signed in").click()
    expect(box).to_be_hidden()
    left.update(seconds=90, whole=True)
    page.clock.fast_forward(800_000)
    expect(box).to_contain_text("every session ends")
    left["seconds"] = 0
    page.clock.fast_forward(20_000)
    expect(box.get_by_role("link", name="Sign in")).to_be_visible()
