"""The public side in a browser: read, ask, write, be answered; sign up, note, be alerted, leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Page, expect

from server.smtp import Server

from .conftest import (
    AXE,
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
PUBLIC = ("", "studies/", "studies/NCT03418623/", "fits/", "contact/?site=site-01", "refer/")
ENTRANCE = ("volunteer/", "volunteer/sign-in/", "volunteer/mailed/", "volunteer/stop/forged/")
SHOTS = os.environ.get("EQUIPOISE_SHOTS", "")
WORDS = {
    "en": {
        "fits": "Could I fit? Answer a few questions",
        "mean": "See what it means",
        "write": "Write to a hospital",
        "send": "Send",
        "sent": "Your message has been sent",
        "answered": "Answered",
        "note": "Write a note",
    },
    "zh-hans": {
        "fits": "我可能适合吗？回答几个问题",
        "mean": "查看结果",
        "write": "联系医院",
        "send": "发送",
        "sent": "信息已发送",
        "answered": "已回复",
        "note": "写笔记",
    },
}


@pytest.fixture(scope="module")
def mails() -> Iterator[SimpleNamespace]:
    """A real mail server of our own."""
    server, port = Server(), _free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield SimpleNamespace(server=server, port=port)
    controller.stop()


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, mails: SimpleNamespace
) -> Iterator[SimpleNamespace]:
    """A trial that recruits, with a worker that sends mail: `url`, and `logins` by role."""
    folder = tmp_path_factory.mktemp("portal") / "instance"
    script = Path(__file__).parent / "opened.py"
    port = _free_port()
    environment = {
        **_environment(),
        "EQUIPOISE_SMTP": f"smtp://127.0.0.1:{mails.port}",
        "EQUIPOISE_URL": f"http://127.0.0.1:{port}",
    }
    given = {"env": environment, "cwd": ROOT}
    subprocess.run([sys.executable, str(script), str(folder)], check=True, **given)
    listing = ("list-registry", str(ROOT / "tests" / "registry"), "--dir", str(folder))
    subprocess.run(_equipoise(*listing), check=True, capture_output=True, **given)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [
        subprocess.Popen(_equipoise(*words, "--dir", str(folder)), **given, **quiet)
        for words in (("serve", "--port", str(port), "--workers", "1"), ("worker", "--every", "1"))
    ]
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, running[0])
        logins = json.loads((folder / "logins.json").read_text())
        yield SimpleNamespace(url=url, folder=folder, logins={one["role"]: one for one in logins})
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(timeout=20)


def _letter(mails: SimpleNamespace, address: str, part: str) -> str:
    """The address in the newest letter to somebody that leads to `part`."""
    for _ in range(300):
        for letter in reversed(mails.server.to(address)):
            found = re.search(rf"http://\S*/{part}/\S+", str(letter.get_content()))
            if found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no letter to {address} with {part}")


def _seen(page: Page, name: str) -> list[str]:
    """What axe finds; a picture where somebody asked for one."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    wrong = [f"{name} {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
    return wrong + ([f"{name} is wider than the window"] if wide else [])


def _proved(page: Page) -> None:
    """Touch the form and wait until its sum is done and a person could have written it."""
    page.locator("form:has([data-proof]) input:visible").first.focus()
    expect(page.locator("form:has([data-proof]) [type=submit]")).to_be_enabled()
    page.wait_for_timeout(3200)


@pytest.mark.parametrize("language", list(WORDS))
def test_somebody_reads_asks_writes_and_is_answered(
    chromium: Browser, opened: SimpleNamespace, mails: SimpleNamespace, language: str
) -> None:
    words, address = WORDS[language], f"anna.{language}@example.org"
    with (
        chromium.new_context(viewport=SIZES["phone"], bypass_csp=True) as context,
        chromium.new_context(viewport=SIZES["wide"], bypass_csp=True) as office,
    ):
        page, staff = context.new_page(), office.new_page()
        page.goto(f"{opened.url}/{language}/")
        page.get_by_role("link", name=words["fits"]).click()
        for group in page.locator("fieldset.ask").all():
            group.locator("input").first.check()
        page.get_by_role("button", name=words["mean"]).click()
        wrong = _seen(page, f"fits-{language}")
        page.get_by_role("button", name=words["write"]).click()
        page.select_option("#site", "site-01")
        page.fill("#name", "Anna Müller 安娜")
        page.fill("#address", address)
        page.check("[name=consent]")
        page.check("[name=keep]")
        _proved(page)
        wrong += _seen(page, f"contact-{language}")
        page.get_by_role("button", name=words["send"], exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(words["sent"])
        assert context.cookies() == []
        wrong += _seen(page, f"status-{language}")
        enter(staff, opened, "coordinator", language)
        staff.goto(f"{opened.url}/{language}/office/contacts/")
        wrong += _seen(staff, f"queue-{language}")
        staff.locator("tbody th a").first.click()
        wrong += _seen(staff, f"message-{language}")
        staff.fill("#text", "Please call us. 请来电。")
        staff.locator("button[value=answer]").click()
        expect(staff.locator("#h-reply")).to_be_visible()
        staff.locator("button[value=hand-over]").click()
        expect(staff).to_have_url(re.compile("/site/participants/SITE"))
        page.goto(_letter(mails, address, "contact/status"))
        expect(page.locator("main")).to_contain_text("Please call us. 请来电。")
        expect(page.locator("main")).to_contain_text(words["answered"])
    assert wrong == []


@pytest.mark.parametrize("language", list(WORDS))
def test_a_volunteer_signs_up_notes_is_alerted_and_leaves(
    chromium: Browser, opened: SimpleNamespace, mails: SimpleNamespace, language: str
) -> None:
    address = f"bo.{language}@example.org"
    with (
        chromium.new_context(viewport=SIZES["wide"], bypass_csp=True) as context,
        chromium.new_context(viewport=SIZES["wide"], bypass_csp=True) as office,
    ):
        page, staff = context.new_page(), office.new_page()
        page.goto(f"{opened.url}/{language}/volunteer/")
        page.fill("#address", address)
        page.check("[value=covid-19]")
        page.check("[value=at-once]")
        page.check("[name=alerts]")
        _proved(page)
        page.locator("form [type=submit]").click()
        page.goto(_letter(mails, address, "volunteer/confirm"))
        wrong = _seen(page, f"confirm-{language}")
        page.locator("form [type=submit]").click()
        page.goto(f"{opened.url}/{language}/")
        page.get_by_role("link", name=WORDS[language]["note"]).nth(1).click()
        page.fill("#text", "Is this safe? 安全吗？")
        wrong += _seen(page, f"note-{language}")
        page.locator("button[value=ask]").click()
        enter(staff, opened, "coordinator", language)
        staff.goto(f"{opened.url}/{language}/office/questions/")
        wrong += _seen(staff, f"questions-{language}")
        staff.locator("textarea").first.fill("Nobody knows yet.")
        staff.locator("button[value=answer]").first.click()
        page.goto(f"{opened.url}/{language}/volunteer/space/")
        expect(page.locator("#notes")).to_contain_text("Nobody knows yet.")
        wrong += _seen(page, f"space-{language}")
        if language == "en":
            office.clear_cookies()
            enter(staff, opened, "administrator", language)
            staff.goto(f"{opened.url}/{language}/office/public/")
            wrong += _seen(staff, f"portal-{language}")
            staff.locator("button[value=post]").click()
            stop = _letter(mails, address, "volunteer/stop")
            page.goto(stop)
            page.locator("main form [type=submit]").click()
            expect(page.locator("main [role=status]")).to_be_visible()
        page.goto(f"{opened.url}/{language}/volunteer/erase/")
        wrong += _seen(page, f"erase-{language}")
        page.locator("main form [type=submit]").click()
        page.goto(f"{opened.url}/{language}/volunteer/space/")
        expect(page).to_have_url(re.compile("volunteer/sign-in"))
    assert wrong == []


@pytest.mark.parametrize("language", list(WORDS))
def test_public_pages_shut_nobody_out(
    chromium: Browser, opened: SimpleNamespace, language: str
) -> None:
    wrong = []
    for width in (360, 1280):
        size = {"width": width, "height": 800}
        with chromium.new_context(viewport=size, bypass_csp=True) as context:
            page = context.new_page()
            for path in (*PUBLIC, *ENTRANCE):
                page.goto(f"{opened.url}/{language}/{path}")
                name = re.sub(r"\W+", "-", path).strip("-") or "study"
                wrong += _seen(page, f"{name}-{language}-{width}")
    assert wrong == []


def test_reading_works_without_script_and_nothing_complains(
    chromium: Browser, opened: SimpleNamespace
) -> None:
    heard: list[str] = []
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.on("console", lambda said: heard.append(said.text))
        page.on("request", lambda one: None if opened.url in one.url else heard.append(one.url))
        for path in (*PUBLIC, *ENTRANCE[:3]):
            page.goto(f"{opened.url}/en/{path}")
        page.goto(f"{opened.url}/en/studies/?q=exosome")
        page.goto(f"{opened.url}/en/?place=Shanghai#sites")
        expect(page.locator("#sites")).to_contain_text("km away")
    assert heard == []


def test_a_form_is_sent_with_the_keyboard_alone(chromium: Browser, opened: SimpleNamespace) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{opened.url}/en/volunteer/sign-in/")
        page.focus("#address")
        page.keyboard.type("nobody@example.org")
        expect(page.locator("main form [type=submit]")).to_be_enabled()
        page.wait_for_timeout(3200)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("volunteer/mailed"))
    assert complaints == []
