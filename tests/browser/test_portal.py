"""The public side in a browser: read, ask, write, be answered; sign up, note, be alerted, leave."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from .conftest import ENGLISH, enter, listen, window
from .eyes import wrong as seen
from .journeys import journey
from .letters import link
from .talks import WORDS, pre_screened, proved

pytestmark = pytest.mark.browser
PUBLIC = ("", "studies/", "studies/NCT03418623/", "fits/", "contact/?site=site-01", "refer/")
ENTRANCE = ("volunteer/", "volunteer/sign-in/", "volunteer/mailed/", "volunteer/stop/forged/")


@pytest.mark.parametrize("language", ENGLISH)
def test_somebody_reads_asks_writes_and_is_answered(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    words, address = WORDS[language], f"anna.{language}@example.org"
    with window(chromium, "phone") as page, window(chromium) as staff:
        wrong: list[str] = []
        pre_screened(
            page,
            running,
            "Anna Müller 安娜",
            address,
            language,
            lambda page, name: wrong.extend(seen(page, name)),
        )
        enter(staff, running, "coordinator", language)
        staff.goto(f"{running.url}/{language}/office/contacts/")
        wrong += seen(staff, "queue")
        staff.locator("tbody th a").first.click()
        wrong += seen(staff, "message")
        staff.fill("#text", "Please call us. 请来电。")
        staff.locator("button[value=answer]").click()
        expect(staff.locator("#h-reply")).to_be_visible()
        staff.locator("button[value=hand-over]").click()
        expect(staff).to_have_url(re.compile("/site/participants/SITE"))
        page.goto(link(running.letters, address, "contact/status"))
        expect(page.locator("main")).to_contain_text("Please call us. 请来电。")
        expect(page.locator("main")).to_contain_text(words["answered"])
    assert wrong == []


@journey("volunteer")
def test_a_volunteer_signs_up_notes_is_alerted_and_leaves(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    address = f"bo.{language}@example.org"
    with window(chromium) as page, window(chromium) as staff:
        page.goto(f"{running.url}/{language}/volunteer/")
        page.fill("#address", address)
        page.check("[value=covid-19]")
        page.check("[value=at-once]")
        page.check("[name=alerts]")
        proved(page)
        page.locator("form [type=submit]").click()
        page.goto(link(running.letters, address, "volunteer/confirm"))
        wrong = seen(page, "confirm")
        page.locator("form [type=submit]").click()
        page.goto(f"{running.url}/{language}/")
        page.get_by_role("link", name=WORDS[language]["note"]).nth(1).click()
        page.fill("#text", "Is this safe? 安全吗？")
        wrong += seen(page, "note")
        page.locator("button[value=ask]").click()
        enter(staff, running, "coordinator", language)
        staff.goto(f"{running.url}/{language}/office/questions/")
        wrong += seen(staff, "questions")
        staff.locator("textarea").first.fill("Nobody knows yet.")
        staff.locator("button[value=answer]").first.click()
        page.goto(f"{running.url}/{language}/volunteer/space/")
        expect(page.locator("#notes")).to_contain_text("Nobody knows yet.")
        wrong += seen(page, "space")
        if language == "en":
            staff.context.clear_cookies()
            enter(staff, running, "administrator", language)
            staff.goto(f"{running.url}/{language}/office/public/")
            wrong += seen(staff, "portal")
            staff.locator("button[value=post]").click()
            stop = link(running.letters, address, "volunteer/stop")
            page.goto(stop)
            page.locator("main form [type=submit]").click()
            expect(page.locator("main [role=status]")).to_be_visible()
        page.goto(f"{running.url}/{language}/volunteer/erase/")
        wrong += seen(page, "erase")
        page.locator("main form [type=submit]").click()
        page.goto(f"{running.url}/{language}/volunteer/space/")
        expect(page).to_have_url(re.compile("volunteer/sign-in"))
    assert wrong == []


def test_reading_works_without_script_and_nothing_complains(
    chromium: Browser, running: SimpleNamespace
) -> None:
    with window(chromium, java_script_enabled=False) as page:
        heard = listen(page, running.url)
        for path in (*PUBLIC, *ENTRANCE[:3]):
            page.goto(f"{running.url}/en/{path}")
        page.goto(f"{running.url}/en/studies/?q=exosome")
        page.goto(f"{running.url}/en/?place=Shanghai#sites")
        expect(page.locator("#sites")).to_contain_text("km away")
    assert heard == []


def test_a_form_is_sent_with_the_keyboard_alone(
    chromium: Browser, running: SimpleNamespace
) -> None:
    with window(chromium) as page:
        complaints = listen(page, running.url)
        page.goto(f"{running.url}/en/volunteer/sign-in/")
        page.focus("#address")
        page.keyboard.type("nobody@example.org")
        expect(page.locator("main form [type=submit]")).to_be_enabled()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("volunteer/mailed"))
    assert complaints == []
