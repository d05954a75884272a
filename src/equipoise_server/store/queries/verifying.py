"""Source verification: what is to be verified, what is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.forms.verification import to_verify
from equipoise.protocol.model import Study
from equipoise_server.store.models import Record, Verification
from equipoise_server.store.queries.placed import Placed
from equipoise_server.store.study import Under


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Placed):
    """One record with items to verify: `wanted` in all, `done` of them verified."""

    version: int
    wanted: tuple[str, ...]
    done: frozenset[str]

    @property
    def left(self) -> int:
        """How many items are still to be verified."""
        return len([one for one in self.wanted if one not in self.done])


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One site: items to verify and verified, records left."""

    site: str
    wanted: int
    done: int
    records_left: int

    @property
    def percent(self) -> int:
        """Verified of all, in whole percent."""
        return 100 * self.done // self.wanted if self.wanted else 100


def standings(
    under: Under,
    sites: Collection[str] | None,
    *,
    participant: str = "",
    cut: datetime | None = None,
) -> Iterator[Standing]:
    """Every saved record of which the plan of its participant's version asks to verify something.

    By participant and day.
    """
    forms = {one.form for study in under.every() for one in study.cleaning.verification}
    rows = Record.objects.filter(form__in=forms)
    if sites is not None:
        rows = rows.filter(participant__site__in=sites)
    if participant:
        rows = rows.filter(participant=participant)
    if cut is not None:
        rows = rows.filter(versions__version=1, versions__at__lte=cut)
    done = _done(sites, participant, cut)
    columns = ("pk", "participant_id", "participant__site_id", "form", "visit", "number", "version")
    rows = rows.order_by("participant_id", "on", "form", "number")
    for pk, code, site, form, visit, number, version in rows.values_list(*columns).iterator():
        wanted = _wanted(under.of(code), form, participant=code, visit=visit, number=number)
        if wanted:
            yield Standing(
                participant=code,
                site=site,
                form=form,
                visit=visit,
                number=number,
                version=version,
                wanted=wanted,
                done=frozenset(done.get(pk, ())),
            )


def _wanted(study: Study, form: str, **place: Any) -> tuple[str, ...]:
    """What a version asks to verify of a record; nothing of a form that it does not know."""
    known = study.forms.get(form)
    return to_verify(study.cleaning, known, **place) if known else ()


def _done(
    sites: Collection[str] | None, participant: str, cut: datetime | None
) -> dict[int, set[str]]:
    rows = Verification.objects.filter(undone_at__isnull=True)
    if sites is not None:
        rows = rows.filter(record__participant__site__in=sites)
    if participant:
        rows = rows.filter(record__participant=participant)
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    found: dict[int, set[str]] = defaultdict(set)
    for record, item in rows.values_list("record_id", "item"):
        found[record].add(item)
    return found


def progress(
    under: Under, sites: Collection[str] | None, *, cut: datetime | None = None
) -> tuple[Progress, ...]:
    """How far each site is."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in standings(under, sites, cut=cut):
        count = counts[one.site]
        count[0] += len(one.wanted)
        count[1] += len(one.wanted) - one.left
        count[2] += one.left > 0
    return tuple(
        Progress(site=site, wanted=wanted, done=done, records_left=left)
        for site, (wanted, done, left) in sorted(counts.items())
    )


def marks(
    code: str, form: str, visit: str, number: int, *, cut: datetime | None = None
) -> dict[str, tuple[str, datetime]]:
    """Who verified which item of a record and when, as far as it stands."""
    rows = Verification.objects.filter(
        record__participant=code,
        record__form=form,
        record__visit=visit,
        record__number=number,
        undone_at__isnull=True,
    )
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return {item: (by, at) for item, by, at in rows.values_list("item", "by", "at")}
