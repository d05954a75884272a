"""Data entry in a browser: by keyboard alone, without script, and what axe says of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import (
    AXE,
    LANGUAGES,
    ROOT,
    SIZES,
    _environment,
    _equipoise,
    _free_port,
    _wait,
    enter,
)

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A trial that has just been opened: `url`, and `logins` by role."""
    folder = tmp_path_factory.mktemp("opened") / "instance"
    script = Path(__file__).parent / "opened.py"
    command = [sys.executable, str(script), str(folder)]
    made = subprocess.run(
        command, env=_environment(), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    port = _free_port()
    server = subprocess.Popen(
        _equipoise("serve", "--dir", str(folder), "--port", str(port), "--workers", "1"),
        env=_environment(),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server)
        logins = json.loads((folder / "logins.json").read_text())
        yield SimpleNamespace(url=url, folder=folder, logins={one["role"]: one for one in logins})
    finally:
        server.terminate()
        server.wait(timeout=20)


def consented(page: Page, opened: SimpleNamespace, language: str = "en") -> str:
    """A new participant who has consented; returns the address of their list of work."""
    enter(page, opened, "coordinator", language)
    page.goto(f"{opened.url}/{language}/entry/new/")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"done=screen"))
    work = page.url.partition("?")[0]
    page.goto(f"{work}do/consent/")
    page.select_option("#signatory", "participant")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"done=consent"))
    return work


@pytest.fixture
def person(chromium: Browser, opened: SimpleNamespace) -> Iterator[tuple[Page, str, list[str]]]:
    """A wide window on the work of a new participant, and what the console complained of."""
    complaints: list[str] = []
    with chromium.new_context(viewport=SIZES["wide"], locale="en-GB") as context:
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, consented(page, opened), complaints


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


def test_everything_works_without_script(chromium: Browser, opened: SimpleNamespace) -> None:
    with chromium.new_context(java_script_enabled=False, viewport=SIZES["phone"]) as context:
        page = context.new_page()
        work = consented(page, opened)
        page.goto(f"{work}vs/baseline/0/")
        page.locator(".field[data-kind=number] input").first.fill("99999")
        page.locator(".bar-save button").click()
        expect(page.locator(".msg.hard[role=alert]").first).to_be_visible()
        assert page.locator(".field[data-kind=number] input").first.input_value() == "99999"
        page.locator(".field[data-kind=number] input").first.fill("")
        page.locator(".bar-save button").click()
        expect(page.locator("#saved")).to_be_visible()


def test_a_session_that_ends_in_mid_entry_loses_nothing(
    person: tuple[Page, str, list[str]], opened: SimpleNamespace
) -> None:
    page, work, _complaints = person
    page.goto(f"{work}vs/baseline/0/")
    number = page.locator(".field[data-kind=number] input").first
    number.fill("37.2")
    page.context.clear_cookies()
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    assert number.count() == 0
    enter(page, opened, "coordinator")
    page.goto(f"{work}vs/baseline/0/")
    assert number.input_value() == "37.2"
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile("saved=1"))
    page.goto(f"{work}vs/baseline/0/")
    expect(page.locator("#unsaved")).to_be_hidden()


def test_two_people_at_one_record_choose(
    chromium: Browser, person: tuple[Page, str, list[str]], opened: SimpleNamespace
) -> None:
    page, work, _complaints = person
    form = f"{work}vs/baseline/0/"
    page.goto(form)
    page.locator(".field[data-kind=number] input").first.fill("37.2")
    with chromium.new_context(viewport=SIZES["phone"], bypass_csp=True) as context:
        other = context.new_page()
        enter(other, opened, "investigator")
        other.goto(form)
        other.locator(".field[data-kind=number] input").first.fill("38.1")
        other.locator(".bar-save button").click()
        expect(other.locator("#saved")).to_be_visible()
    page.locator(".bar-save button").click()
    expect(page.locator("[data-code='conflict.saved-first']")).to_contain_text("Investigator")
    page.locator("[name^='pick.'][value=mine]").first.check()
    page.fill("#reason", "read again from the monitor")
    page.click("main form button[type=submit]")
    expect(page.locator("#saved")).to_contain_text("version 2")
    assert page.locator(".field[data-kind=number] input").first.input_value() == "37.2"


def _pages(work: str) -> tuple[str, ...]:
    new = work.rpartition("/entry/")[0] + "/entry/new/"
    forms = ("vs/baseline/0/", "ae/next/", "dm/baseline/0/", "mh/next/", "do/withdraw/")
    return (new, work, *(work + one for one in forms), work + "do/randomise/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_no_page_of_entry_shuts_anybody_out(
    chromium: Browser, opened: SimpleNamespace, size: str, language: str, tmp_path: Path
) -> None:
    width = SIZES[size]["width"]
    with chromium.new_context(viewport=SIZES[size], bypass_csp=True) as context:
        page = context.new_page()
        work = consented(page, opened, language)
        wrong = {}
        for url in _pages(work):
            page.goto(url)
            wrong[url] = _examine(page, width)
            page.screenshot(
                path=tmp_path / f"{url.strip('/').replace('/', '_')[-40:]}.png", full_page=True
            )
        page.goto(work + "vs/baseline/0/")
        page.locator(".field[data-kind=number] input").first.fill("1")
        page.evaluate("document.getElementById('entry').submit()")
        page.wait_for_selector("[role=alert]")
        wrong["refused"] = _examine(page, width)
        page.screenshot(path=tmp_path / "refused.png", full_page=True)
    assert {url: found for url, found in wrong.items() if found} == {}


def _examine(page: Page, width: int) -> list[str]:
    """What axe finds wrong, and whether the page is wider than the window."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    wrong = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
    wider = page.evaluate("document.documentElement.scrollWidth")
    return wrong + ([f"{wider} px wide"] if wider > width + 1 else [])
