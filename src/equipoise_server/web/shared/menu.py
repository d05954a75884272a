"""The navigation: what this person can open, in few groups."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from equipoise_server.web.shared.viewer import Viewer

Label = str | Promise
Entry = tuple[str | None, str, Label]
"""Which kind of page it is (None: for everybody), the name of its address, its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    label: Label
    url: str
    current: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries under one heading; one entry alone stands without a heading."""

    label: Label
    links: tuple[Link, ...]

    @property
    def single(self) -> Link | None:
        """The only entry, or None."""
        return self.links[0] if len(self.links) == 1 else None

    @property
    def current(self) -> bool:
        """Whether the page is one of these."""
        return any(link.current for link in self.links)


_GROUPS: tuple[tuple[Label, tuple[Entry, ...]], ...] = (
    (
        _("Participants"),
        (
            ("participants", "site:participants", _("Participants")),
            ("participants", "site:matrix", _("Matrix")),
            ("consenting", "consent:home", _("Consent")),
            ("contacts", "office:contacts", _("Messages")),
        ),
    ),
    (
        _("Data"),
        (
            ("cleaning", "data:queries", _("Queries")),
            ("verification", "data:verification", _("Source verification")),
            ("coding", "data:coding", _("Coding")),
            ("deviations", "data:deviations", _("Deviations")),
            ("transfers", "data:transfers", _("Laboratory files")),
            ("exports", "exports:home", _("Exports")),
        ),
    ),
    (
        _("Finalise"),
        (
            ("signing", "finalise:signatures", _("Signatures")),
            ("locking", "finalise:locks", _("Locks")),
            ("agreeing", "finalise:proposals", _("For two persons")),
            ("amendments", "finalise:amendments", _("Amendments")),
            ("board", "finalise:board", _("Safety board")),
            ("interim", "finalise:interim", _("Interim analysis")),
        ),
    ),
    (_("Stock"), (("stock", "supply:sites", _("Stock")),)),
    (
        _("Study"),
        (
            (None, "public:study", _("The study")),
            ("recruitment", "office:recruitment", _("Recruitment")),
            ("recruitment", "office:flow", _("Flow")),
            ("results", "results:results", _("Results")),
            ("office", "office:portal", _("Public pages")),
            ("summary", "consent:results", _("Summary for participants")),
        ),
    ),
    (_("People"), (("people", "people:home", _("People")),)),
)
_PUBLIC: tuple[Entry, ...] = (
    (None, "public:study", _("Study")),
    (None, "public:listing", _("Find a study")),
    (None, "volunteer:start", _("Volunteers")),
    (None, "participant:home", _("My study pages")),
)
"""What somebody sees who is not one of the staff."""


_HOMES = {"entry": "site:participants", "finalise": "finalise:signatures"}
"""Where pages of a section belong that lie under no entry."""


def menu(viewer: Viewer, path: str) -> tuple[Group, ...]:
    """What this person can open; of all entries, one is current: the one nearest to the page."""
    groups: list[tuple[Label, tuple[Entry, ...]]] = []
    if viewer.user is None:
        groups += [(entry[2], (entry,)) for entry in _PUBLIC]
    else:
        day = _("My day")
        groups += [(day, ((None, viewer.home, day),))] if viewer.held else []
        groups += _GROUPS
    seen = [
        (label, [(reverse(name), words) for kind, name, words in entries if _opens(viewer, kind)])
        for label, entries in groups
    ]
    nearest = _nearest(path, [url for _label, some in seen for url, _words in some])
    return tuple(
        Group(
            label=label,
            links=tuple(Link(label=words, url=url, current=url == nearest) for url, words in some),
        )
        for label, some in seen
        if some
    )


def _opens(viewer: Viewer, kind: str | None) -> bool:
    return kind is None or viewer.may_read(kind)


def _nearest(path: str, urls: list[str]) -> str:
    """The address that the page is, or lies under: a first page of a section only if it is it."""
    under = (url for url in urls if path == url or (path.startswith(url) and _deep(url)))
    home = _HOMES.get(path.split("/")[2] if path.count("/") > 2 else "")
    fallback = reverse(home) if home else ""
    return max(under, key=len, default=fallback)


def _deep(url: str) -> bool:
    """Whether everything under an address belongs to it: not under `/en/` or `/en/site/`."""
    return url.rstrip("/").count("/") > 2
