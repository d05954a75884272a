"""A small demonstration, served by its own processes, and a browser to look at it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
LANGUAGES = ("en", "zh-hans")
PATIENCE = 120  # seconds until the server answers, on a busy machine

expect.set_options(timeout=20_000)  # a page may wait for its turn on a busy machine


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _equipoise(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from equipoise.cli import main; main()", *arguments]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A finished demonstration of twelve participants: `url`, and `logins` by role."""
    folder = tmp_path_factory.mktemp("demo") / "instance"
    made = subprocess.run(
        _equipoise(
            "demo", "--participants", "12", "--seed", "7", "--dir", str(folder), "--no-serve"
        ),
        env=_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
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


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers: at once on an idle machine, later on a busy one; not where it has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            urllib.request.urlopen(f"{url}/en/", timeout=20)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server did not answer within {PATIENCE} seconds")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the test fails and says how to install it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of, and every request that left the server."""
    return []


@pytest.fixture
def visitor(chromium: Browser, demo: SimpleNamespace, complaints: list[str]) -> Iterator[Page]:
    """A wide window of somebody who is not signed in."""
    with chromium.new_context(viewport=SIZES["wide"], locale="en-GB") as context:
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((demo.url, "data:")) else complaints.append(asked.url)
            ),
        )
        yield page


def enter(page: Page, demo: SimpleNamespace, role: str, language: str = "en") -> None:
    """Sign in with the login that a demonstration offers; the code is filled in already."""
    page.goto(f"{demo.url}/{language}/sign-in/")
    page.click(f'a[href="?as={demo.logins[role]["username"]}"]')
    page.click("main form button[type=submit]")
    page.wait_for_url("**/sign-in/second/")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{demo.url}/{language}/**")
