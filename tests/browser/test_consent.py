"""From the bedside to the results: consent, the participant's own pages, the diary without a line."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import enter, follow, window
from .eyes import look
from .journeys import journey, through
from .serving import until
from .talks import answer_all, begin, come_in, open_pages, read_all, sign_both

pytestmark = pytest.mark.browser
NAMES = {"en": "Wren Bird", "zh-hans": "鹪鹩"}


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[Page]:
    """A tablet at the bedside."""
    with window(chromium, {"width": 820, "height": 1180}) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A phone, 360 px wide."""
    with window(chromium, {"width": 360, "height": 780}) as page:
        yield page


def consent_at_the_bedside(
    page: Page, running: SimpleNamespace, language: str, address: str
) -> str:
    """Screen somebody and go through the whole document; returns the code."""
    enter(page, running, "coordinator", language)
    through(page, "/site/participants/")
    follow(page, page.locator("main a[href$='/entry/new/']"))
    page.click("main form button[type=submit]")
    page.wait_for_url("**/entry/*/?done=screen")
    code = page.locator("h1.code").inner_text()
    follow(page, page.locator(f"main a[href$='/consent/{code}/']").first)
    look(page, "begin")
    page.fill("#p-name", NAMES[language])
    page.fill("#p-address", address)
    begin(page, language)
    _locked_up(page, running, language, code)
    look(page, "section")
    read_all(page, language)
    look(page, "questions")
    answer_all(page, language)
    sign_both(page, NAMES[language], language, look)
    return code


def _locked_up(page: Page, running: SimpleNamespace, language: str, code: str) -> None:
    """Neither the way back nor the address bar leads to a page of the staff."""
    here = page.url
    page.go_back()
    page.wait_for_load_state()
    assert code not in page.locator("body").inner_text()
    for there in (f"consent/{code}/", f"entry/{code}/", "site/"):
        page.goto(f"{running.url}/{language}/{there}")
        assert "/sign-in/" in page.url
    page.goto(here)
    expect(page.locator("nav .menu")).to_have_count(0)


@journey("coordinator", "participant")
def test_from_the_bedside_to_the_own_pages(
    language: str,
    tablet: Page,
    phone: Page,
    running: SimpleNamespace,
) -> None:
    address = f"wren-{language}@example.org"
    code = consent_at_the_bedside(tablet, running, language, address)
    come_in(phone, running, code, address, language, look)
    with phone.expect_download() as copy:
        phone.locator("a[href*='/me/copy/']").click()
    assert copy.value.path().read_bytes().startswith(b"%PDF")
    phone.goto(f"{running.url}/{language}/me/problem/")
    look(phone, "problem")
    phone.fill("#text", "I cough more. 咳嗽加重。")
    phone.locator("input[name=urgent]").check()
    phone.locator("main form button[type=submit]").click()
    phone.wait_for_url("**done=problem")
    tablet.goto(f"{running.url}/{language}/consent/")
    look(tablet, "worklist")
    tablet.locator("#problems a").first.click()
    tablet.fill("#text", "Please come in. 请来院。")
    tablet.locator("main form button[type=submit]").click()
    phone.reload()
    expect(phone.get_by_text("Please come in.")).to_be_visible()


@pytest.mark.parametrize(("language", "ache"), [("en", "30"), ("zh-hans", "55")])
def test_an_entry_without_a_connection_is_kept_and_sent_later(
    language: str, ache: str, phone: Page, running: SimpleNamespace
) -> None:
    own = running.links[6 + ("en", "zh-hans").index(language)]
    open_pages(phone, f"{running.url}/{language}/me/enter/{own}/", language)
    phone.goto(f"{running.url}/{language}/me/diary/1/")
    look(phone, "diary")
    for _ in range(3):
        phone.locator("[data-by='10']").click()
    phone.locator("input[type=number]").fill(ache)
    assert phone.locator("input[type=range]").input_value() == ache
    phone.context.set_offline(True)
    phone.locator("form[data-day] button[type=submit]").click()
    said = phone.locator("[data-diary]")
    expect(said).to_have_text(said.get_attribute("data-kept") or "?")
    assert phone.evaluate("Object.keys(localStorage).length") == 1
    look(phone, "diary-offline")
    phone.context.set_offline(False)
    until(lambda: phone.evaluate("Object.keys(localStorage).length === 0"), "the entry to be sent")
    phone.goto(f"{running.url}/{language}/me/diary/1/")
    expect(phone.locator("input[type=number]")).to_have_value(ache)


@pytest.mark.prove
def test_two_answers_for_one_day_are_shown_and_the_person_chooses(
    phone: Page, tablet: Page, running: SimpleNamespace
) -> None:
    """What was written elsewhere meanwhile is shown beside one's own; neither is lost unasked."""
    day = f"{running.url}/en/me/diary/2/"
    for page, number in ((phone, 8), (tablet, 5)):
        open_pages(page, f"{running.url}/en/me/enter/{running.links[number]}/", "en")
        page.goto(day)
    tablet.locator("input[type=number]").fill("20")
    tablet.locator("form[data-day] button[type=submit]").click()
    tablet.wait_for_url("**done=diary")
    phone.locator("input[type=number]").fill("70")
    phone.locator("form[data-day] button[type=submit]").click()
    card = phone.locator("[data-conflicts] section")
    expect(card).to_contain_text("70 / 20")
    look(phone, "diary-conflict")
    assert phone.evaluate("Object.keys(localStorage).length") == 1, "kept until it is decided"
    card.locator("[data-mine]").click()
    until(lambda: phone.evaluate("Object.keys(localStorage).length === 0"), "the choice to be sent")
    phone.goto(day)
    expect(phone.locator("input[type=number]")).to_have_value("70")
