"""Two served instances, a browser to look at them, and signing in.

`demo` is a finished demonstration of twelve participants; `running` is a trial under way, with
somebody at the bedside and somebody at home, mail, and a worker. All processes that run tests
look at the same two.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from .letters import letter_box
from .serving import free_port, prepared, script, serving, shared, verb

SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 780}}
LANGUAGES = ("en", "zh-hans")
ENGLISH = ["en", pytest.param("zh-hans", marks=pytest.mark.prove)]
CHINESE = [pytest.param("en", marks=pytest.mark.prove), "zh-hans"]
"""Both languages; the normal run takes one of them, the long proofs the other."""

expect.set_options(timeout=60_000)  # a page may wait for its turn on a busy machine
_known: dict[tuple[str, str], list[Any]] = {}


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every process of this run of the tests sees."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


def people(folder: Path, url: str) -> dict[str, Any]:
    """What a test needs to know of an instance: where it is, and who can sign in."""
    host, _, port = url.rpartition(":")
    logins = json.loads((folder / "logins.json").read_text())
    pins = json.loads((folder / "unblinded-logins.json").read_text())
    return {
        "url": url,
        "side": f"{host}:{int(port) + 1}",
        "folder": str(folder),
        "logins": {one["role"]: one for one in logins},
        "pins": {one["role"]: one for one in pins},
        "names": _names(folder, pins),
    }


def _names(folder: Path, pins: list[dict[str, Any]]) -> list[str]:
    """The names of everybody who has a login."""
    with closing(sqlite3.connect(f"file:{folder}/store.sqlite3?mode=ro", uri=True)) as store:
        found = store.execute("SELECT username, full_name FROM store_user").fetchall()
    return sorted(
        {name for row in found for name in row if name} | {one["username"] for one in pins}
    )


@pytest.fixture(scope="session")
def demo(together: Path) -> Iterator[SimpleNamespace]:
    """The finished demonstration: `url`, `side` (the unblinded one), `logins` and `pins` by role."""
    with shared(together / "demo", _demo) as told:
        yield told


@contextmanager
def _demo(folder: Path) -> Iterator[dict[str, Any]]:
    instance = folder / "instance"
    if not instance.exists():
        asked = ("--participants", "12", "--seed", "7", "--dir", str(instance), "--no-serve")
        prepared(verb("demo", *asked))
    with serving(instance, free_port(), worker=False, more={}) as url:
        yield people(instance, url)


@pytest.fixture(scope="session")
def running(together: Path) -> Iterator[SimpleNamespace]:
    """The trial under way: as `demo`, with `letters`, `bedside`, `home` and `links`."""
    with shared(together / "running", run_trial) as told:
        yield told


@contextmanager
def run_trial(
    folder: Path, *, nobody: bool = False, earlier: float = 0
) -> Iterator[dict[str, Any]]:
    """Make and serve a trial under way, with a mail server; `earlier`: hours ago."""
    instance, letters, port = folder / "instance", folder / "letters", free_port()
    known = instance / "running.json"
    if not instance.exists():
        practice = ("demo", "--participants", "0", "--dir", str(instance), "--no-serve")
        prepared(verb(*practice) if nobody else script("running.py", str(instance)))
    with letter_box(letters) as smtp:
        more = {"EQUIPOISE_SMTP": smtp, "EQUIPOISE_URL": f"http://127.0.0.1:{port}"}
        with serving(instance, port, worker=True, earlier=earlier, more=more) as url:
            told = json.loads(known.read_text()) if known.exists() else {}
            yield {**people(instance, url), **told, "letters": str(letters)}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the test fails and says how to install it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def window(chromium: Browser, size: str | dict[str, int] = "wide", **more: Any) -> Iterator[Page]:
    """A window of somebody who is not signed in, patient enough for a busy machine."""
    viewport = SIZES[size] if isinstance(size, str) else size
    with chromium.new_context(viewport=viewport, locale="en-GB", **more) as context:  # type: ignore[arg-type]
        patient(context)
        yield context.new_page()


def patient(context: BrowserContext) -> None:
    """Wait as long as a busy machine needs."""
    context.set_default_timeout(120_000)
    context.set_default_navigation_timeout(120_000)


def _counts(said: ConsoleMessage) -> bool:
    return said.type in ("error", "warning") and "blocked by Playwright" not in said.text


def listen(page: Page, *urls: str) -> list[str]:
    """From now on: what the console complains of, and every request that leaves the server."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "console",
        lambda said: heard.append(said.text) if _counts(said) else None,
    )
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((*urls, "data:", "blob:")) else heard.append(asked.url)
        ),
    )
    return heard


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    """A wide window of somebody who is not signed in."""
    with window(chromium) as page:
        yield page


def follow(page: Page, link: Locator) -> None:
    """Click on what leads to another page, and wait until that page is there."""
    with page.expect_navigation():
        link.click()


def enter(page: Page, served: SimpleNamespace, role: str, language: str = "en") -> None:
    """Go to the first page of a role; whoever signed in before comes with their session."""
    known = _known.get((served.url, role))
    if known:
        page.context.add_cookies(known)
        page.goto(f"{served.url}/{language}/day/")
        if page.locator("form.me").count():
            return
    sign_in(page, served, role, language)
    _known[served.url, role] = page.context.cookies()


def sign_in(page: Page, served: SimpleNamespace, role: str, language: str = "en") -> None:
    """With the login that a demonstration offers; the code is filled in already."""
    page.goto(f"{served.url}/{language}/sign-in/")
    follow(page, page.locator(f'a[href="?as={served.logins[role]["username"]}"]'))
    if hasattr(served, "letters") and page.locator("select#on").count():
        page.select_option("select#on", "")  # a trial under way is looked at as it stands
    page.click("main form button[type=submit]")
    page.wait_for_url("**/sign-in/second/")
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def enter_side(page: Page, served: SimpleNamespace, role: str, language: str = "en") -> None:
    """Go to the first page of a role of the unblinded side."""
    known = _known.get((served.side, role))
    if known:
        page.context.add_cookies(known)
        page.goto(f"{served.side}/{language}/")
        if page.locator("form.me").count():
            return
    page.goto(f"{served.side}/{language}/sign-in/")
    page.click(f'a[href="?as={served.pins[role]["username"]}"]')
    page.click("main form button[type=submit]")
    page.wait_for_selector("form.me")
    _known[served.side, role] = page.context.cookies()
