"""From the bedside to the results: consent, the participant's own pages, the diary without a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import AXE, ROOT, _environment, _equipoise, _free_port, _wait, enter
from .test_portal import RULES, _letter, mails, opened  # noqa: F401

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("EQUIPOISE_SHOTS", "")
NAMES = {"en": "Wren Bird", "zh-hans": "鹪鹩"}
WORDS = {
    "en": {
        "begin": "Begin",
        "read": "I have read this. Next",
        "check": "Check my answers",
        "on": "Go on",
        "sign": "I agree and sign",
        "now": "Sign now",
        "both": "Both sides have signed.",
        "document": "an identity document",
        "mail": "Mail me a link",
        "open": "Open my pages",
    },
    "zh-hans": {
        "begin": "开始",
        "read": "已阅读，下一节",
        "check": "核对我的回答",
        "on": "继续",
        "sign": "我同意并签名",
        "now": "立即签名",
        "both": "双方均已签名。",
        "document": "身份证件",
        "mail": "把链接发给我",
        "open": "打开我的页面",
    },
}


def look(page: Page, name: str) -> None:
    """No violation that axe finds, no page wider than its window; a picture where asked for."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert [one["id"] for one in found["violations"]] == [], [
        (one["id"], one["nodes"][0]["html"]) for one in found["violations"]
    ]
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), name


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[Page]:
    """A tablet at the bedside, as high as wide pages need; CSP stays on except for axe."""
    with chromium.new_context(viewport={"width": 820, "height": 1180}, bypass_csp=True) as context:
        yield context.new_page()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A phone, 360 px wide."""
    with chromium.new_context(viewport={"width": 360, "height": 780}, bypass_csp=True) as context:
        yield context.new_page()


def consent_at_the_bedside(page: Page, opened: Any, language: str, address: str) -> str:  # noqa: F811
    """Screen somebody and go through the whole document; returns the code."""
    words = WORDS[language]
    enter(page, opened, "coordinator", language)
    page.goto(f"{opened.url}/{language}/entry/new/")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/entry/*/?done=screen")
    code = page.locator("h1.code").inner_text()
    page.goto(f"{opened.url}/{language}/consent/{code}/")
    look(page, f"{language}-begin")
    page.fill("#p-name", NAMES[language])
    page.fill("#p-address", address)
    page.get_by_role("button", name=words["begin"], exact=True).click()
    page.wait_for_url("**/talk/**")
    look(page, f"{language}-section")
    _read(page, words)
    look(page, f"{language}-questions")
    _answer(page, words)
    _sign(page, language)
    return code


def _read(page: Page, words: dict[str, str]) -> None:
    """Every section by keyboard; a word is explained and put away by keyboard, too."""
    looked = False
    while page.get_by_role("button", name=words["read"]).count():
        if not looked and page.locator("button.word").count():
            page.locator("button.word").first.press("Enter")
            expect(page.locator(".explained:popover-open")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator(".explained:popover-open")).to_have_count(0)
            looked = True
        page.get_by_role("button", name=words["read"]).press("Enter")
        page.wait_for_load_state()
    assert looked


def _answer(page: Page, words: dict[str, str]) -> None:
    """Choose the first option everywhere, then another wherever it was not right."""
    sets = page.locator("fieldset.ask")
    for option in range(3):
        for number in range(sets.count()):
            done = sets.nth(number).locator(".verdict:not(.again)").count()
            if not done and option < sets.nth(number).locator("input").count():
                sets.nth(number).locator("input").nth(option).check()
        page.get_by_role("button", name=words["check"]).click()
        page.wait_for_load_state()
    page.get_by_role("link", name=words["on"], exact=True).click()


def _sign(page: Page, language: str) -> None:
    """Both sides."""
    words = WORDS[language]
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.fill("#name", NAMES[language])
    look(page, f"{language}-person-signs")
    page.get_by_role("button", name=words["sign"]).click()
    page.wait_for_url("**/sign/**")
    page.get_by_label(words["document"]).check()
    look(page, f"{language}-staff-sign")
    page.get_by_role("button", name=words["now"]).click()
    expect(page.get_by_text(words["both"])).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_from_the_bedside_to_the_own_pages(
    language: str,
    tablet: Page,
    phone: Page,
    opened: SimpleNamespace,  # noqa: F811
    mails: SimpleNamespace,  # noqa: F811
) -> None:
    address = f"wren-{language}@example.org"
    code = consent_at_the_bedside(tablet, opened, language, address)
    phone.goto(f"{opened.url}/{language}/me/sign-in/")
    phone.fill("#code", code)
    phone.fill("#address", address)
    look(phone, f"{language}-me-sign-in")
    phone.wait_for_timeout(3500)
    phone.get_by_role("button", name=WORDS[language]["mail"]).click()
    phone.wait_for_url("**/me/mailed/")
    phone.goto(_letter(mails, address, "me/enter"))
    phone.get_by_role("button", name=WORDS[language]["open"]).click()
    phone.wait_for_url("**/me/")
    look(phone, f"{language}-me")
    with phone.expect_download() as copy:
        phone.locator("a[href*='/me/copy/']").click()
    assert copy.value.path().read_bytes().startswith(b"%PDF")
    phone.goto(f"{opened.url}/{language}/me/problem/")
    look(phone, f"{language}-problem")
    phone.fill("#text", "I cough more. 咳嗽加重。")
    phone.locator("input[name=urgent]").check()
    phone.locator("main form button[type=submit]").click()
    phone.wait_for_url("**done=problem")
    tablet.goto(f"{opened.url}/{language}/consent/")
    look(tablet, f"{language}-worklist")
    tablet.locator("#problems a").first.click()
    tablet.fill("#text", "Please come in. 请来院。")
    tablet.locator("main form button[type=submit]").click()
    phone.reload()
    expect(phone.get_by_text("Please come in.")).to_be_visible()


@pytest.fixture(scope="module")
def diarist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A trial with a diary and somebody who has to write it today."""
    folder, port = tmp_path_factory.mktemp("diary") / "instance", _free_port()
    given = {"env": _environment(), "cwd": ROOT}
    script = Path(__file__).parent / "diarist.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, **given)
    served = _equipoise("serve", "--dir", str(folder), "--port", str(port), "--workers", "1")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(served, **given, **quiet)
    try:
        _wait(f"http://127.0.0.1:{port}", server)
        told = json.loads((folder / "diarist.json").read_text())
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}", **told)
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.parametrize(("language", "ache"), [("en", "30"), ("zh-hans", "55")])
def test_an_entry_without_a_connection_is_kept_and_sent_later(
    language: str, ache: str, phone: Page, diarist: SimpleNamespace
) -> None:
    link = diarist.links[("en", "zh-hans").index(language)]
    phone.goto(f"{diarist.url}/{language}/me/enter/{link}/")
    phone.get_by_role("button", name=WORDS[language]["open"]).click()
    phone.wait_for_url("**/me/")
    phone.goto(f"{diarist.url}/{language}/me/diary/0/")
    look(phone, f"{language}-diary")
    for _ in range(3):
        phone.locator("[data-by='10']").click()
    phone.locator("input[type=number]").fill(ache)
    assert phone.locator("input[type=range]").input_value() == ache
    phone.context.set_offline(True)
    phone.locator("form[data-day] button[type=submit]").click()
    said = phone.locator("[data-diary]")
    expect(said).to_have_text(said.get_attribute("data-kept") or "?")
    assert phone.evaluate("Object.keys(localStorage).length") == 1
    look(phone, f"{language}-diary-offline")
    phone.context.set_offline(False)
    phone.wait_for_function("Object.keys(localStorage).length === 0")
    phone.goto(f"{diarist.url}/{language}/me/diary/0/")
    expect(phone.locator("input[type=number]")).to_have_value(ache)
