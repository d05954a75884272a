"""Ways between pages, as a person goes them: by links, by keyboard, without script."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from .conftest import CHINESE, ENGLISH, LANGUAGES, SIZES, enter, listen

pytestmark = pytest.mark.browser
WORDS = {
    "en": {"day": "My day", "matrix": "Participants by visits", "history": "History"},
    "zh-hans": {"day": "我的一天", "matrix": "参与者与访视", "history": "历史"},
}
english = pytest.mark.parametrize("language", ENGLISH)
chinese = pytest.mark.parametrize("language", CHINESE)
both = pytest.mark.parametrize("language", LANGUAGES)


@english
@pytest.mark.parametrize("role", ["coordinator", "assessor"])
def test_site_staff_go_from_their_day_to_a_record(
    visitor: Page, demo: SimpleNamespace, role: str, language: str
) -> None:
    complaints = listen(visitor, demo.url)
    enter(visitor, demo, role, language)
    expect(visitor.locator("h1")).to_contain_text(WORDS[language]["day"])
    visitor.goto(f"{demo.url}/{language}/site/matrix/?on=")
    expect(visitor.locator("h1")).to_have_text(WORDS[language]["matrix"])
    visitor.locator("table.matrix tbody a.cell").first.click()
    expect(visitor).to_have_url(re.compile(r"/participants/[^/]+/#visit-"))
    record = visitor.locator("details .rows a").first
    record.evaluate("link => link.closest('details').open = true")
    record.click()
    expect(visitor.locator("#h-history")).to_contain_text(WORDS[language]["history"])
    assert complaints == []


@chinese
@pytest.mark.parametrize("role", ["monitor"])
def test_the_office_goes_from_sites_to_participants(
    visitor: Page, demo: SimpleNamespace, role: str, language: str
) -> None:
    complaints = listen(visitor, demo.url)
    enter(visitor, demo, role, language)
    visitor.locator("main table tbody th a").first.click()
    expect(visitor).to_have_url(re.compile(r"/site/participants/\?site="))
    visitor.goto(f"{demo.url}/{language}/office/recruitment/")
    expect(visitor.locator("svg.plot[role=img]").first).to_be_visible()
    assert complaints == []


@english
@pytest.mark.parametrize("role", ["sponsor", "administrator"])
def test_roles_without_records_see_numbers_alone(
    visitor: Page, demo: SimpleNamespace, role: str, language: str
) -> None:
    complaints = listen(visitor, demo.url)
    enter(visitor, demo, role, language)
    assert visitor.locator("main table tbody th a").count() == 0
    assert visitor.goto(f"{demo.url}/{language}/office/flow/").status == 200  # type: ignore[union-attr]
    assert complaints == []


@both
def test_a_visitor_reads_about_the_study_and_changes_the_language(
    visitor: Page, demo: SimpleNamespace, language: str
) -> None:
    complaints = listen(visitor, demo.url)
    visitor.goto(f"{demo.url}/{language}/")
    assert visitor.locator("html").get_attribute("lang") in ("en", "zh-Hans")
    visitor.locator(".langs a:not([aria-current])").click()
    other = next(one for one in LANGUAGES if one != language)
    expect(visitor).to_have_url(f"{demo.url}/{other}/")
    assert visitor.context.cookies() == []
    assert complaints == []


def test_the_matrix_is_walked_with_arrow_keys(visitor: Page, demo: SimpleNamespace) -> None:
    enter(visitor, demo, "monitor")
    visitor.goto(f"{demo.url}/en/site/matrix/?on=")
    visitor.locator("table.matrix tbody tr").first.locator("a.cell").first.focus()
    before = visitor.evaluate("document.activeElement.getAttribute('href')")
    visitor.keyboard.press("ArrowDown")
    below = visitor.evaluate("document.activeElement.getAttribute('href')")
    assert below != before
    assert below.rpartition("#")[2] == before.rpartition("#")[2]
    visitor.keyboard.press("ArrowUp")
    assert visitor.evaluate("document.activeElement.getAttribute('href')") == before


def test_everything_can_be_reached_by_keyboard_alone(visitor: Page, demo: SimpleNamespace) -> None:
    login = demo.logins["coordinator"]
    visitor.goto(f"{demo.url}/en/sign-in/")
    expect(visitor.locator("#username")).to_be_focused()
    visitor.keyboard.type(login["username"])
    visitor.keyboard.press("Tab")
    visitor.keyboard.type(login["password"])
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#code")).to_be_focused()
    visitor.keyboard.press("Enter")
    expect(visitor.locator("h1")).to_contain_text("My day")
    visitor.keyboard.press("Tab")
    assert visitor.evaluate("document.activeElement.className") == "skip"
    visitor.keyboard.press("Enter")
    assert visitor.evaluate("location.hash") == "#main"


def test_pages_work_without_script(demo: SimpleNamespace, chromium: object) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport=SIZES["wide"])  # type: ignore[attr-defined]
    with context:
        page = context.new_page()
        enter(page, demo, "coordinator")
        page.goto(f"{demo.url}/en/site/participants/?status=completed&on=")
        assert page.locator("tbody tr").count() > 0
