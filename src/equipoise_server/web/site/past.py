"""How one record stood at the end of a past day, for the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from equipoise_server.store.queries import trial
from equipoise_server.store.queries.as_of import as_of
from equipoise_server.web.shared.finished import LOCKS
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import ROLES, Words

Place = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPast:
    """The record on that day; `version` 0 where there was none yet. Times on the site's clock."""

    on: date
    version: int = 0
    by: str = ""
    at: datetime | None = None
    verified: tuple[tuple[str, str, datetime], ...] = ()
    signed: tuple[tuple[str, Words, datetime], ...] = ()
    locked: Words = ""


def past(page: Page, place: Place, zone: str) -> ShownPast | None:
    """What `?stood=YYYY-MM-DD` asks for; None where it asks for no day."""
    try:
        on = date.fromisoformat(page.request.GET.get("stood", ""))
        end = datetime.combine(on + timedelta(days=1), time(), ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None
    last = min(end - timedelta(microseconds=1), page.moment.at)
    code, *key = place
    found = next((one for one in as_of(last, participant=code) if one.key == tuple(key)), None)
    if found is None:
        return ShownPast(on=on)
    names, form = trial.names(), page.study.forms.get(found.form)

    def local(at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(zone))

    def label(item: str) -> str:
        known = form.item(item) if form else None
        return known.text.say(page.language) if known else item

    return ShownPast(
        on=on,
        version=found.version,
        by=names.get(found.entered.by, found.entered.by),
        at=local(found.entered.at),
        verified=tuple(
            (label(item), names.get(act.by, act.by), local(act.at))
            for item, act in found.verified.items()
        ),
        signed=tuple(
            (one.name, ROLES.get(one.role, one.role), local(one.at)) for one in found.signed
        ),
        locked=LOCKS.get(found.locked, ""),
    )
