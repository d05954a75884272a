"""Everything that a world shows: each kind of page, for each kind of person, with its headers.

Addresses come from the URL resolver: those without parameters as they are, those with
parameters filled from what the trial holds, and from there whatever links lead to. A kind of
address is its view, its language and the names in its query; of each kind so many are opened.
Forms are sent empty, so that refusals are seen too, and programs ask with their tokens.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from server.worlds import NOON, Statements

LANGUAGES = ("en", "zh-hans")
SELDOM = (
    "participant:sign-out",
    "shared:sign-out",
    "volunteer:erase",
    "volunteer:sign-out",
    "volunteer:stop",
)
"""Forms that end what the crawl still needs are not sent."""
DEAR = ("supply:labels",)
"""Takes a second; one person prints it where it is not the whole crawl."""
NOTED = ("public:study",)
"""Open to everybody, with links for a volunteer."""
SEES_MUCH = "investigator"
WHOLE = 3
"""From this depth on everybody tries everything, in both languages."""
FEW = (
    "public:record",
    "public:study",
    "shared:home",
    "site:matrix",
    "site:participant",
    "supply:labels",
    "supply:stock",
)
"""What is opened where one planted leak is looked for."""
_LINK = re.compile(r'(?:href|hx-get|src|action)="([^"#]+)')

Seen = Iterator[tuple[str, bytes]]


def crawled(depth: int, asked: Statements) -> dict[str, bytes]:
    """Every page by visitor and address; under `opened` the views that let somebody in.

    And with ` asked` behind their names those that were asked at all, with ` form` those that
    are forms without a page.
    """
    found: dict[str, bytes] = {}
    opened: set[str] = set()
    crawls = [Crawl(one, asked, opened, whole=depth >= WHOLE) for one in visitors(few=depth == 0)]
    for crawl in crawls:
        found.update(crawl.many(depth) if depth else crawl.few())
    found.update(programs(asked, opened, few=depth == 0))
    if depth:
        sent: set[str] = set()
        for crawl in crawls:
            found.update(crawl.sent(sent))
    return {**found, "opened": "\n".join(sorted(opened)).encode()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody at a browser. `role` is empty for a stranger and a volunteer."""

    who: str
    role: str
    browser: Any
    site: str


def visitors(*, few: bool) -> list[Visitor]:
    """A stranger, a volunteer, a participant, and one person of each role; `few`: one person of the site."""
    from django.test import Client

    from equipoise.protocol.roles import ROLES
    from equipoise_server.services.access import permissions
    from equipoise_server.web.shared import session
    from server.worlds_fill import home, person_of

    site, found = home(), []
    for role in (SEES_MUCH,) if few else ROLES:
        user, _ = person_of(role)
        browser = Client(raise_request_exception=False)
        browser.force_login(user)
        kept = browser.session
        session.stamp(kept, factor="totp", held=permissions.roles(user, NOON))
        kept.save()
        found.append(Visitor(who=user.username, role=role, browser=browser, site=site))
    if few:
        return found
    stranger = Client(raise_request_exception=False)
    return [
        Visitor(who="nobody", role="", browser=stranger, site=site),
        Visitor(who="volunteer", role="", browser=volunteer(), site=site),
        Visitor(who="participant", role="", browser=participant(), site=site),
        *found,
    ]


def volunteer() -> Any:
    """A browser in which the volunteer has followed the mailed link."""
    from equipoise_server.identity.models import Volunteer

    return _with_session("volunteer", Volunteer.objects.using("identity").get().token)


def participant() -> Any:
    """A browser in which the first randomised participant has followed the mailed link."""
    from equipoise_server.store.models import Participant

    return _with_session("participant", Participant.objects.exclude(kit="").earliest("code").code)


def _with_session(name: str, value: str) -> Any:
    from django.test import Client

    browser = Client(raise_request_exception=False)
    kept = browser.session
    kept[name], kept[f"{name}_seen"] = value, int(NOON.timestamp())
    kept.save()
    browser.cookies["equipoise"] = kept.session_key
    return browser


class Crawl:
    """One visitor's way through the addresses.

    Where it is not the `whole` crawl, a page is left out that refuses everybody of the role
    alike, or that is open to everybody and was seen by others.
    """

    def __init__(
        self, visitor: Visitor, asked: Statements, opened: set[str], *, whole: bool
    ) -> None:
        self.visitor, self.asked, self.opened, self.whole = visitor, asked, opened, whole

    def few(self) -> Seen:
        """The pages on which most leaks would be."""
        for name, url in addresses("en", self.visitor.site):
            if name in FEW:
                yield self.open(name, url)[0]

    def many(self, depth: int) -> Seen:
        """Up to `depth` addresses of each kind, breadth first."""
        waiting = deque(self._starts())
        known, kinds = set(waiting), Counter[str]()
        while waiting:
            url = waiting.popleft()
            kind = kind_of(url)
            name = kind.partition(" ")[0]
            kinds[kind] += 1
            if not kind or kinds[kind] > depth or not self._lets_in(name):
                continue
            seen, answer = self.open(name, url)
            yield seen
            if answer.streaming:
                continue
            for link in _LINK.findall(answer.content.decode("utf-8", "replace")):
                link = link.replace("&amp;", "&")
                if link.startswith(self._prefixes()) and link not in known:
                    known.add(link)
                    waiting.append(link)

    def _languages(self) -> tuple[str, ...]:
        return LANGUAGES if self.whole or self.visitor.role == SEES_MUCH else LANGUAGES[:1]

    def _prefixes(self) -> tuple[str, ...]:
        return tuple(f"/{language}/" for language in self._languages())

    def _starts(self) -> list[str]:
        site = self.visitor.site
        return [url for one in self._languages() for _, url in addresses(one, site)]

    def _lets_in(self, name: str) -> bool:
        readers = readers_of()[name]
        if self.whole:
            return True
        if name in DEAR:
            return self.visitor.role == SEES_MUCH
        if readers is None:
            own = name.partition(":")[0]
            own = own if own in ("volunteer", "participant") else "nobody"
            return self.visitor.who == own or (self.visitor.who == "volunteer" and name in NOTED)
        return self.visitor.role in readers

    def open(self, name: str, url: str) -> tuple[tuple[str, bytes], Any]:
        """One page: status, headers, cookies, statements, body."""
        return self._said(name, url, "GET", self.visitor.browser.get)

    def sent(self, before: set[str]) -> Seen:
        """Every form of every view, sent with nothing but a key; once if not the whole crawl."""
        for name, url in addresses("en", self.visitor.site):
            if name in SELDOM or not self._lets_in(name) or (not self.whole and name in before):
                continue
            before.add(name)
            yield self._said(name, url, "POST", self._post)[0]

    def _post(self, url: str) -> Any:
        return self.visitor.browser.post(url, {"key": f"{self.visitor.who}/{url}"})

    def _said(
        self, name: str, url: str, method: str, ask: Callable[[str], Any]
    ) -> tuple[tuple[str, bytes], Any]:
        self.asked.said()
        answer = ask(url)
        self.opened.add(f"{name} asked")
        if answer.status_code == 405:
            self.opened.add(f"{name} form")
        if answer.status_code == 200 or "/sign-in/" not in answer.headers.get(
            "Location", "/sign-in/"
        ):
            self.opened.add(name)
        return (
            f"page/{self.visitor.who}/{method} {url}",
            written(answer) + self.asked.said(),
        ), answer


def written(answer: Any) -> bytes:
    """An answer as bytes."""
    headers = sorted(answer.headers.items())
    cookies = sorted(map(str, answer.cookies.values()))
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return repr((answer.status_code, headers, cookies)).encode() + body


def kind_of(url: str) -> str:
    """View, language and names of the query, or "" for what is no page."""
    from django.urls import Resolver404, resolve
    from django.utils import translation

    parts = urlsplit(url)
    language = parts.path.split("/")[1]
    try:
        with translation.override(language if language in LANGUAGES else "en"):
            name = resolve(parts.path).view_name
    except Resolver404:
        return ""
    query = " ".join(sorted({key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{name} {language} {query}"


@cache
def views() -> tuple[tuple[str, tuple[str, ...], Any], ...]:
    """Every view of the blinded process: its name, the parameters of its address, its readers."""
    from django.urls import URLPattern, get_resolver

    def walk(resolver: Any, space: str, given: tuple[str, ...]) -> Iterator[Any]:
        for one in resolver.url_patterns:
            parts = (*given, *one.pattern.converters)
            if isinstance(one, URLPattern):
                yield f"{space}:{one.name}", parts, getattr(one.callback, "readers", None)
            else:
                yield from walk(one, one.namespace or space, parts)

    found = {name: (name, parts, readers) for name, parts, readers in walk(get_resolver(), "", ())}
    return tuple(found.values())


@cache
def readers_of() -> dict[str, tuple[str, ...] | None]:
    """The roles that each view lets in, None for everybody."""
    return {name: readers for name, _, readers in views()}


@cache
def addresses(language: str, site: str) -> list[tuple[str, str]]:
    """One address of every view, as far as the trial holds what fills its parameters."""
    from django.urls import reverse
    from django.utils import translation

    from server.worlds_fill import filled

    found = []
    with translation.override(language):
        for name, parts, _ in views():
            given = filled(name, parts, site)
            if given is not None and not name.startswith("programs:"):
                found.append((name, reverse(name, kwargs=given)))
    return sorted(found)


def programs(asked: Statements, opened: set[str], *, few: bool) -> Seen:
    """What a program is told that holds a token of each role that may have one."""
    from django.test import Client
    from django.urls import reverse

    from equipoise_server.services.access import permissions
    from equipoise_server.services.access.program_tokens import issue
    from server.worlds_fill import filled, person_of

    for role in (SEES_MUCH,) if few else permissions.BY_PROGRAM:
        user, site = person_of(role)
        token = issue(
            label="p", role=role, site=site, until=NOON + timedelta(days=1), writes=True,
            by=user, at=NOON, key=f"token/{role}",
        )  # fmt: skip
        browser = Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {token}"}
        )
        visitor = Visitor(who=f"program/{role}", role=role, browser=browser, site=site or "")
        crawl = Crawl(visitor, asked, opened, whole=True)
        for name, parts, _ in views():
            given = filled(name, parts, site or "")
            if name.startswith("programs:") and given is not None:
                yield crawl.open(name, reverse(name, kwargs=given))[0]
