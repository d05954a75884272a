"""Everything that happened to one participant, day by day, from the ledger."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.participant import ParticipantState
from equipoise_server.store.ledger import RECORDED
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.entries import Entry, entries
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.sentences import ICONS, sentence
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.visibility import hidden_entries, sees_doses


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened: a sentence, the time at the site, who entered it."""

    icon: str
    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One saved version."""

    title: str
    visit: str
    version: int
    at: datetime
    by: str
    url: tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day at the site: study day, what happened, what was saved."""

    on: date
    day: int | None
    happenings: tuple[Happening, ...]
    saves: tuple[Save, ...]


def story(
    page: Page, state: ParticipantState, roles: Collection[str], forms: Collection[str]
) -> tuple[Day, ...]:
    """The days on which something happened, newest first."""
    teller = _Teller(page, state, roles, forms, ZoneInfo(page.zone_of(state.site)))
    days: dict[date, tuple[list[Happening], list[Save]]] = {}
    for entry in entries(state.code, cut=page.moment.cut):
        happened, saved = days.setdefault(teller.local(entry).date(), ([], []))
        if entry.what == RECORDED:
            saved += teller.save(entry)
        else:
            happened += teller.happening(entry)
    start = state.randomised_on
    return tuple(
        Day(
            on=on,
            day=(on - start).days if start else None,
            happenings=tuple(happened),
            saves=tuple(saved),
        )
        for on, (happened, saved) in days.items()
        if happened or saved
    )


class _Teller:
    """Turns entries of one participant into what one viewer may read."""

    def __init__(
        self,
        page: Page,
        state: ParticipantState,
        roles: Collection[str],
        forms: Collection[str],
        zone: ZoneInfo,
    ) -> None:
        self._page, self._forms, self._zone = page, forms, zone
        self._names = trial.names()
        self._hidden, self._doses = hidden_entries(roles), sees_doses(roles)
        self._saves = records.saves(state.code, cut=page.moment.cut)

    def local(self, entry: Entry) -> datetime:
        """When it was entered, on the clock of the site."""
        return entry.at.astimezone(self._zone)

    def happening(self, entry: Entry) -> list[Happening]:
        """The entry as a sentence, nothing where the viewer may not see it."""
        if entry.what in self._hidden or not self._may_read(entry):
            return []
        return [
            Happening(
                icon=ICONS.get(entry.what, "document"),
                text=sentence(entry.what, entry.payload, doses=self._doses),
                at=self.local(entry),
                by=self._names.get(entry.by, entry.by),
            )
        ]

    def _may_read(self, entry: Entry) -> bool:
        """Whether the entry concerns no form, or one that the viewer may read."""
        form = entry.payload.get("form")
        return not isinstance(form, str) or not form or form in self._forms

    def save(self, entry: Entry) -> list[Save]:
        """The entry as a saved version, nothing where the viewer may not see the form."""
        key, version = self._saves.get(entry.subject, (("", "", 0), 0))
        form, visit, number = key
        if form not in self._forms:
            return []
        study, language = self._page.study, self._page.language
        return [
            Save(
                title=form_title(study, form, language, number),
                visit=str(visit_title(study, visit, language)),
                version=version,
                at=self.local(entry),
                by=self._names.get(entry.by, entry.by),
                url=key,
            )
        ]
