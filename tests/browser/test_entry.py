"""Data entry in a browser: by keyboard alone, without script, and what axe says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import LANGUAGES, enter, listen, window

pytestmark = pytest.mark.browser


def consented(page: Page, running: SimpleNamespace, language: str = "en") -> str:
    """A new participant who has consented; returns the address of their list of work."""
    enter(page, running, "coordinator", language)
    page.goto(f"{running.url}/{language}/entry/new/")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"done=screen"))
    work = page.url.partition("?")[0]
    page.goto(f"{work}do/consent/")
    page.select_option("#signatory", "participant")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"done=consent"))
    return work


@pytest.fixture
def person(chromium: Browser, running: SimpleNamespace) -> Iterator[tuple[Page, str, list[str]]]:
    """A wide window on the work of a new participant, and what the console complained of."""
    with window(chromium) as page:
        complaints = listen(page, running.url)
        yield page, consented(page, running), complaints


def _answer(page: Page, name: str) -> str:
    return page.locator(f'[name="v.{name}"]').first.input_value()


def test_vitals_are_entered_by_keyboard_alone(person: tuple[Page, str, list[str]]) -> None:
    page, work, complaints = person
    page.goto(f"{work}vs/baseline/0/")
    expect(page.locator("html")).to_have_class(re.compile("scripted"))
    page.locator("#on").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    seen = set()
    for _ in range(60):
        name = page.evaluate("document.activeElement.name || ''")
        if not name.startswith("v.") or name in seen:
            break
        seen.add(name)
        kind = page.evaluate("document.activeElement.closest('.field').dataset.kind")
        if kind == "radio":
            page.keyboard.press("Space")
        elif kind == "select":
            page.keyboard.press("ArrowDown")
        elif kind == "datetime":
            page.keyboard.press("n")
        elif kind == "date":
            page.keyboard.press("y")
        page.keyboard.press("Enter")
    assert len(seen) >= 3
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"saved=1|/vs/"))
    assert [one for one in complaints if "409" not in one] == []


def test_skip_logic_and_checks_live_in_the_browser(person: tuple[Page, str, list[str]]) -> None:
    page, work, complaints = person
    page.goto(f"{work}ae/next/")
    hidden = page.locator(".field[data-asked=false]")
    before = hidden.count()
    assert before > 0
    page.locator('[name="v.serious"][value=true]').check()
    assert hidden.count() != before
    page.goto(f"{work}vs/baseline/0/")
    number = page.locator(".field[data-kind=number] input").first
    number.fill("99999")
    number.press("Tab")
    expect(page.locator(".field[data-kind=number] .msg.hard").first).to_be_visible()
    page.keyboard.press("Control+s")
    assert number.evaluate("one => one === document.activeElement")
    number.fill("abc")
    expect(page.locator(".field[data-kind=number] .msg.hard").first).to_contain_text("abc")
    number.fill("")
    expect(page.locator(".field[data-kind=number] .msg.hard")).to_have_count(0)
    assert complaints == []


def test_everything_works_without_script(chromium: Browser, running: SimpleNamespace) -> None:
    with window(chromium, "phone", java_script_enabled=False) as page:
        work = consented(page, running)
        page.goto(f"{work}vs/baseline/0/")
        page.locator(".field[data-kind=number] input").first.fill("99999")
        page.locator(".bar-save button").click()
        expect(page.locator(".msg.hard[role=alert]").first).to_be_visible()
        assert page.locator(".field[data-kind=number] input").first.input_value() == "99999"
        page.locator(".field[data-kind=number] input").first.fill("")
        page.locator(".bar-save button").click()
        expect(page.locator("#saved")).to_be_visible()


def test_a_session_that_ends_in_mid_entry_loses_nothing(
    person: tuple[Page, str, list[str]], running: SimpleNamespace
) -> None:
    page, work, _complaints = person
    page.goto(f"{work}vs/baseline/0/")
    number = page.locator(".field[data-kind=number] input").first
    number.fill("37.2")
    page.context.clear_cookies()
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    assert number.count() == 0
    enter(page, running, "coordinator")
    page.goto(f"{work}vs/baseline/0/")
    assert number.input_value() == "37.2"
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile("saved=1"))
    page.goto(f"{work}vs/baseline/0/")
    expect(page.locator("#unsaved")).to_be_hidden()


def test_two_people_at_one_record_choose(
    chromium: Browser, person: tuple[Page, str, list[str]], running: SimpleNamespace
) -> None:
    page, work, _complaints = person
    form = f"{work}vs/baseline/0/"
    page.goto(form)
    page.locator(".field[data-kind=number] input").first.fill("37.2")
    chinese = page.context.new_page()
    chinese.goto(form.replace("/en/", "/zh-hans/"))
    chinese.locator(".field[data-kind=number] input").first.fill("37.4")
    with window(chromium, "phone") as other:
        enter(other, running, "investigator")
        other.goto(form)
        other.locator(".field[data-kind=number] input").first.fill("38.1")
        other.locator(".bar-save button").click()
        expect(other.locator("#saved")).to_be_visible()
    page.locator(".bar-save button").click()
    expect(page.locator("[data-code='conflict.saved-first']")).to_contain_text("Investigator")
    chinese.locator(".bar-save button").click()
    expect(chinese.locator("[data-code='conflict.saved-first']")).to_be_visible()
    for width in (1280, 360):
        for one, name in ((page, "merge-en"), (chinese, "merge-zh")):
            one.set_viewport_size({"width": width, "height": 800})
            eyes.look(one, name)
    page.locator("[name^='pick.'][value=mine]").first.check()
    page.fill("#reason", "read again from the monitor")
    page.click("main form button[type=submit]")
    expect(page.locator("#saved")).to_contain_text("version 2")
    assert page.locator(".field[data-kind=number] input").first.input_value() == "37.2"


def _pages(work: str) -> tuple[str, ...]:
    new = work.rpartition("/entry/")[0] + "/entry/new/"
    forms = ("vs/baseline/0/", "ae/next/", "dm/baseline/0/", "mh/next/", "do/withdraw/")
    return (new, work, *(work + one for one in forms), work + "do/randomise/")


@pytest.mark.parametrize(("language", "size"), zip(LANGUAGES, ("phone", "wide"), strict=True))
def test_no_page_of_entry_shuts_anybody_out(
    chromium: Browser, running: SimpleNamespace, size: str, language: str
) -> None:
    with window(chromium, size) as page:
        work = consented(page, running, language)
        wrong = []
        for url in _pages(work):
            page.goto(url)
            wrong += eyes.wrong(page, f"entry-{url.partition('/entry/')[2]}")
        page.goto(work + "vs/baseline/0/")
        page.locator(".field[data-kind=number] input").first.fill("1")
        page.evaluate("document.getElementById('entry').submit()")
        page.wait_for_selector("[role=alert]")
        wrong += eyes.wrong(page, "entry-refused")
    assert wrong == []
