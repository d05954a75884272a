"""What was typed, what is shown, and what is sent to the service: the same answer in three dresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from equipoise.forms.record import Value
from equipoise_server.web.entry.plan import Field

Typed = str | tuple[str, ...]
"""An answer as a field holds it: text, or the chosen codes."""

PREFIX = "v."
_PLAIN = {0xFF01 + one: 0x21 + one for one in range(94)}
_PLAIN |= {0x3000: 0x20, 0x3002: 0x2E, 0x2212: 0x2D, 0x30FC: 0x2D}
_PLAIN |= dict.fromkeys(range(0x2010, 0x2016), 0x2D)
"""Full-width and typographic signs as their plain ones."""
_YEAR_FIRST = re.compile(
    r"([0-9]{4})(?:([0-9]{2})([0-9]{2})|[-/.年]([0-9]{1,2})(?:[-/.月]([0-9]{1,2})日?|月)?)"
    r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(.*))?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def shown(value: Value | None, zone: str) -> Typed:
    """A stored answer as its field shows it; moments on the clock of the site."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return value
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def read(fields: Iterable[Field], sent: QueryDict) -> dict[str, Typed]:
    """What the fields held when the form was sent; a field that was not sent is empty."""
    return {
        field.id: _one(field, sent.getlist(PREFIX + field.id))
        for field in fields
        if field.kind != "output"
    }


def _one(field: Field, sent: list[str]) -> Typed:
    if field.kind == "checks":
        return tuple(one for one in sent if one)
    return neat(field.kind, sent[-1]) if sent else ""


def raw(
    fields: Iterable[Field], typed: Mapping[str, Typed], saved: Mapping[str, Value], zone: str
) -> dict[str, object]:
    """What to send to the service.

    A field that still shows the saved answer sends the saved answer itself: the seconds of a
    moment, or digits that are not shown, do not change by looking at them.
    """
    return {
        field.id: _raw(field, typed.get(field.id, ""), saved.get(field.id), zone)
        for field in fields
        if field.kind != "output" and typed.get(field.id)
    }


def _raw(field: Field, typed: Typed, saved: Value | None, zone: str) -> object:
    if saved is not None and same(typed, shown(saved, zone)):
        return saved
    if field.kind == "datetime" and isinstance(typed, str):
        return with_offset(typed, zone)
    return list(typed) if isinstance(typed, tuple) else typed


def same(one: Typed, two: Typed) -> bool:
    """Whether two fields hold the same; order of choices and line ends do not count."""
    if isinstance(one, tuple) or isinstance(two, tuple):
        return sorted(one or ()) == sorted(two or ())
    return one.strip().replace("\r\n", "\n") == two.strip().replace("\r\n", "\n")


def with_offset(text: str, zone: str) -> str:
    """A moment typed on the clock of the site, with the offset of that zone.

    Text that is no moment, that states its own offset, or that names an hour which the
    clocks skipped or struck twice stays as it is: the reader then asks for an offset.
    """
    text = neat("datetime", text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None or len(text.strip()) < len("2026-03-01T08:00"):
        return text
    here = ZoneInfo(zone)
    early, late = (moment.replace(tzinfo=here, fold=fold) for fold in (0, 1))
    skipped = early.astimezone(UTC).astimezone(here).replace(tzinfo=None) != moment
    if skipped or early.utcoffset() != late.utcoffset():
        return text
    return early.isoformat(timespec="seconds" if moment.second else "minutes")


def scanned(text: str) -> str:
    """A code as a scanner or a person gives it: full-width signs, odd dashes and spaces do not count."""
    return "".join(text.translate(_PLAIN).split()).upper()


def neat(kind: str, text: str) -> str:
    """A number, a day or a moment as it is written here, where it can only be meant so.

    Full-width signs and the full stop of a Chinese keyboard become plain ones, a day that
    begins with its year gets hyphens and zeros. `form.js` does the same while it is typed. A
    comma stays: it may be meant in two ways.
    """
    if kind not in ("number", "date", "partial", "datetime"):
        return text
    plain = text.translate(_PLAIN).strip()
    found = None if kind == "number" else _YEAR_FIRST.fullmatch(plain)
    if found is None:
        return plain
    parts = [one for one in found.group(2, 3, 4, 5) if one]
    day_ = "-".join([found[1], *(one.zfill(2) for one in parts)])
    return day_ if found[6] is None else f"{day_} {found[6].zfill(2)}:{found[7]}{found[8]}"


def day(text: str) -> date | None:
    """A calendar date written in full, or None."""
    clean = neat("date", text)
    try:
        return date.fromisoformat(clean) if _DAY.fullmatch(clean) else None
    except ValueError:
        return None
