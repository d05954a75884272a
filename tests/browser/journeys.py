"""Who has a journey: a test of the main piece of somebody's work, from their own first page.

`@journey("sponsor")` says whose work a test does, and has it done in both languages: in one of
them by the normal run, in the other by the long proofs. `test_every_role.py` sees to it that
nobody is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from equipoise.protocol.roles import ROLES

from . import eyes
from .conftest import CHINESE, ENGLISH, follow

PEOPLE = (*ROLES, "safety reporter", "participant", "volunteer")
"""Everybody who works with the pages."""
Test = Callable[..., Any]


def journey(*people: str, first: str = "en") -> Callable[[Test], Test]:
    """The test does the work of these people; the normal run does it in the language `first`."""
    languages = ENGLISH if first == "en" else CHINESE

    def marked(test: Test) -> Test:
        return pytest.mark.journey(*people)(pytest.mark.parametrize("language", languages)(test))

    return marked


def seen(page: Page, name: str) -> None:
    """Nothing is cut off; a picture where somebody wants one."""
    if eyes.WANTED:
        eyes.take(page, f"journey-{name}")
    assert eyes.wide(page) == [], name


def through(page: Page, path: str) -> None:
    """Go where an entry of the navigation leads."""
    entry = page.locator(f'.menu a[href$="{path}"]')
    group = page.locator(".menu details", has=page.locator(f'a[href$="{path}"]'))
    if group.count() and group.get_attribute("open") is None:
        group.locator("summary").click()
    follow(page, entry)


def send(page: Page, name: str | re.Pattern[str] = "") -> None:
    """Press the button of the page that sends, and wait for what comes."""
    button = page.locator("main form[method=post] button[type=submit]:visible")
    follow(page, button.filter(has_text=name).first if name else button.last)


def unfold(page: Page, link: str) -> None:
    """Open what hides a link of the page, and go where it leads."""
    page.locator("main details", has=page.locator(link)).locator("summary").click()
    follow(page, page.locator(f"main {link}").first)
