"""Goes wherever the links of a page lead, and looks at each kind of page it comes to.

A kind of page is a route of the address table. Of each kind so many examples are looked at as
the walk was told; a link that leads nowhere, a download that fails, a complaint in the console,
a request to elsewhere, a page wider than its window and what axe finds all count as wrong.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from django.urls import Resolver404, resolve
from django.utils import translation
from playwright.sync_api import Page

from . import eyes
from .conftest import listen

MOST = 150 * 1024  # bytes of a public page as sent, without images
UNBLINDED = "equipoise_server.unblinded.urls"
_LINKS = "() => [...document.querySelectorAll('a[href]')].map(one => one.href)"
_OPEN = "document.querySelectorAll('main details').forEach(one => one.open = true)"
_SENT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(one => !/\\.(png|jpe?g|svg|webp)(\\?|$)/.test(one.name))
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
_MOMENT = re.compile(r"[?&]on=")
"""A link that changes the day to look at; the walk keeps to one, as links hold for their day."""
_FILE = re.compile(r"\.(pdf|csv|json|svg|xml|zip|js)$|/files/|/copy/|/export/|/labels/")


@dataclass(kw_only=True)
class Crawl:
    """One walk after another over one server; what was looked at already is not looked at again.

    `examples`: how many pages of a kind are opened in each walk; `axed`: kinds that axe has seen.
    `public`: pages are weighed, too. `names`: of people, which are the same in every language.
    """

    url: str
    unblinded: bool = False
    examples: int = 1
    pictures: bool = False
    public: bool = False
    names: Iterable[str] = ()
    wrong: list[str] = field(default_factory=list)
    axed: set[str] = field(default_factory=set)
    opened: Counter[str] = field(default_factory=Counter)
    fetched: set[str] = field(default_factory=set)

    def walk(
        self, page: Page, name: str, starts: Iterable[str], opened: Counter[str] | None = None
    ) -> None:
        """Look at `starts` and at what they lead to, not at kinds that were `opened` before."""
        heard = listen(page, self.url)
        seen: set[str] = set()
        here = self.opened if opened is None else opened
        waiting = deque((self._absolute(start), "") for start in starts)
        while waiting:
            address, parent = waiting.popleft()
            address = urldefrag(address)[0]
            if address in seen or not self._ours(address) or (parent and _MOMENT.search(address)):
                continue
            seen.add(address)
            kind = self.kind(address)
            if _FILE.search(urlsplit(address).path):
                self._fetch(page, f"{name} {parent} -> {address}", address, kind)
            elif here[kind] < self.examples:
                here[kind] += 1
                links = self._visit(page, name, address, kind)
                waiting.extend((one, address) for one in links)
                self.wrong.extend(f"{name} {parent} -> {address}: {one}" for one in heard)
                heard.clear()

    def _absolute(self, address: str) -> str:
        return address if address.startswith("http") else self.url + address

    def _ours(self, address: str) -> bool:
        return address.startswith(self.url + "/")

    def kind(self, address: str) -> str:
        """The route of an address, and the names of its parameters."""
        split = urlsplit(address)
        asked = "?" + "&".join(sorted({one.partition("=")[0] for one in split.query.split("&")}))
        try:
            urls = UNBLINDED if self.unblinded else None
            with translation.override("en"):
                found = resolve(re.sub(r"^/zh-hans/", "/en/", split.path), urlconf=urls).route
        except Resolver404:
            found = split.path
        return found + (asked if split.query else "")

    def _fetch(self, page: Page, name: str, address: str, kind: str) -> None:
        if kind in self.fetched:
            return
        self.fetched.add(kind)
        answer = page.context.request.get(address)
        if answer.status != 200:
            self.wrong.append(f"{name}: file {answer.status}")

    def _visit(self, page: Page, name: str, address: str, kind: str) -> list[str]:
        answer = page.goto(address)
        status = answer.status if answer else 0
        if status != 200:
            self.wrong.append(f"{name} {address}: status {status}")
        page.evaluate(_OPEN)
        label = f"{name}-{kind}"
        if self.pictures:
            eyes.take(page, label)
        if kind.partition("?")[0] not in self.axed:
            self.axed.add(kind.partition("?")[0])
            found = [*eyes.wrong(page, picture=False), *eyes.small(page)]
        else:
            found = eyes.wide(page)
        if self.public and (sent := page.evaluate(_SENT)) > MOST:
            found.append(f"{sent} bytes")
        self.wrong.extend(f"{name} {address}: {one}" for one in found)
        links: list[str] = page.evaluate(_LINKS)
        return links
