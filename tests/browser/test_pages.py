"""Every page that a link leads to, by role: no dead link, no axe violation, nothing too wide or heavy.

The normal run opens one page of each kind, at phone width, roles taking turns in the language.
The long proof does it for every role in both languages, one page of a kind, and keeps
pictures at both widths under `build/screens`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page

from equipoise.protocol.roles import ROLES

from . import eyes
from .conftest import LANGUAGES, enter, enter_side, window
from .crawl import Crawl

pytestmark = pytest.mark.browser
PUBLIC = ("/", "/studies/?q=covid", "/volunteer/", "/volunteer/mailed/")
SIDE = ("pharmacist", "unblinded monitor", "safety-board statistician", "safety-board member")
FIRST = {"investigator": "/reveal/", "safety reporter": "/reveal-for-report/"}
MEMBERS = tuple(role for role in ROLES if role not in SIDE)


def _days(language: str) -> tuple[str, ...]:
    return (f"/{language}/day/?on=busy", f"/{language}/day/?on=")


def _public(crawl: Crawl, page: Page, language: str) -> None:
    crawl.public = True
    crawl.walk(page, "public", [f"/{language}{one}" for one in PUBLIC])
    crawl.public = False


def test_public_pages_and_those_of_participants_lead_somewhere_and_are_light(
    chromium: Browser, running: SimpleNamespace
) -> None:
    crawl = Crawl(url=running.url, names=running.names)
    with window(chromium, "phone", service_workers="block") as page:
        _public(crawl, page, "zh-hans")
        _home(page, running, "en", 0)
        crawl.public = True
        crawl.walk(page, "participant", ("/en/me/", "/en/me/diary/"))
    assert not crawl.wrong, "\n".join(crawl.wrong)


def _home(page: Page, running: SimpleNamespace, language: str, link: int) -> None:
    """The person at home comes in."""
    page.goto(f"{running.url}/{language}/me/enter/{running.links[link]}/")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/me/")


@pytest.mark.parametrize("half", [0, 1])
def test_every_link_of_every_role_leads_to_a_page_for_everybody(
    chromium: Browser, demo: SimpleNamespace, half: int
) -> None:
    crawl = Crawl(url=demo.url, names=demo.names)
    for number, role in enumerate(MEMBERS):
        if number % 2 == half:
            with window(chromium, "phone") as page:
                enter(page, demo, role, LANGUAGES[half])
                for start in _days(LANGUAGES[half]):
                    crawl.walk(page, role, [start])
    assert not crawl.wrong, "\n".join(crawl.wrong)


def test_every_link_of_the_unblinded_side_leads_to_a_page_for_everybody(
    chromium: Browser, demo: SimpleNamespace
) -> None:
    crawl = Crawl(url=demo.side, unblinded=True, names=demo.names)
    for number, role in enumerate((*SIDE, *FIRST)):
        language = LANGUAGES[number % 2]
        with window(chromium, "phone") as page:
            enter_side(page, demo, role, language)
            crawl.walk(page, role, [f"/{language}{FIRST.get(role, '/')}"])
    assert not crawl.wrong, "\n".join(crawl.wrong)


def _refusals(demo: SimpleNamespace, language: str) -> Iterator[str]:
    for path in ("/no-such-page/", "/me/enter/forged/", "/volunteer/stop/forged/", "/sign-in/"):
        yield f"{demo.url}/{language}{path}"
    for path in ("sign-in/", "first-pin/", "no-such-page/"):
        yield f"{demo.side}/{language}/{path}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_doors_and_refusals_are_for_everybody(
    chromium: Browser, demo: SimpleNamespace, language: str
) -> None:
    found = []
    with window(chromium, "phone") as page:
        for address in _refusals(demo, language):
            page.goto(address)
            found += [f"{address}: {one}" for one in (*eyes.wrong(page), *eyes.small(page))]
        page.goto(f"{demo.url}/{language}/sign-in/?as={demo.logins['monitor']['username']}")
        page.click("main form button[type=submit]")
        page.wait_for_url("**/second/")
        found += eyes.wrong(page, "second")
    assert found == []


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", ["phone", "wide"])
@pytest.mark.parametrize("place", ["demo", "running"])
def test_every_role_sees_every_page_in_both_languages(
    chromium: Browser, request: pytest.FixtureRequest, place: str, size: str, language: str
) -> None:
    served = request.getfixturevalue(place)
    crawl = Crawl(url=served.url, pictures=True, names=served.names)
    side = Crawl(url=served.side, unblinded=True, pictures=True, names=served.names)
    with window(chromium, size, service_workers="block") as page:
        _public(crawl, page, language)
        if place == "running":
            _home(page, served, language, 1 + 2 * (size == "wide") + (language == "en"))
            crawl.walk(page, "participant", (f"/{language}/me/", f"/{language}/me/diary/"))
    for role in ROLES:
        opened = Counter(crawl.opened)
        with window(chromium, size) as page:
            enter(page, served, role, language)
            for start in _days(language) if place == "demo" else (f"/{language}/day/?on=",):
                crawl.walk(page, f"{place}-{role}", [start], opened)
    for role in (*SIDE, *FIRST):
        with window(chromium, size) as page:
            enter_side(page, served, role, language)
            start = f"/{language}{FIRST.get(role, '/')}"
            side.walk(page, f"{place}-{role}", [start], Counter())
    found = crawl.wrong + side.wrong
    assert not found, "\n".join(found)
