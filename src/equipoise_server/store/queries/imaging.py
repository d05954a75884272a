"""Files and masked readings as pages and exports show them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from equipoise_server.store import imaging
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import (
    Image,
    ImageDeclined,
    ImageReading,
    ImageWithdrawal,
    LedgerEntry,
    Scan,
)

Cell = str | int | float | None
Table = tuple[tuple[str, ...], Iterable[tuple[Cell, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A scan as a reader may know it: a coded name, how many pictures, how far it is read."""

    scan: Scan
    images: tuple[Image, ...]
    content: str
    readings: dict[int, ImageReading]

    def by(self, username: str) -> ImageReading | None:
        """What this reader scored."""
        return next((one for one in self.readings.values() if one.by == username), None)


def sight(code: str) -> Sight | None:
    """One scan; None where there is none of this code."""
    scan = Scan.objects.filter(pk=code).first()
    return None if scan is None else sight_of(scan)


def sight_of(scan: Scan) -> Sight:
    """What counts of a scan now."""
    images = imaging.in_use(scan)
    content = imaging.content_of(images)
    return Sight(
        scan=scan, images=images, content=content, readings=imaging.readings_of(scan, content)
    )


def sights(username: str) -> tuple[Sight, ...]:
    """Every scan with pictures that this reader did not decline, by its random code."""
    images: dict[str, list[Image]] = defaultdict(list)
    for image in Image.objects.filter(withdrawal__isnull=True).order_by("at", "code"):
        images[image.scan_id].append(image)
    readings: dict[tuple[str, str], dict[int, ImageReading]] = defaultdict(dict)
    for one in ImageReading.objects.all():
        readings[one.scan_id, one.content][one.slot] = one
    found = []
    for scan in Scan.objects.exclude(declined__by=username).order_by("code"):
        content = imaging.content_of(images[scan.code])
        if content:
            known = readings.get((scan.code, content), {})
            whole = tuple(images[scan.code])
            found.append(Sight(scan=scan, images=whole, content=content, readings=known))
    return tuple(found)


def scan_at(place: tuple[str, str, str, int], rule: str) -> Scan | None:
    """The scan of a record, if it has one."""
    participant, form, visit, number = place
    return Scan.objects.filter(
        participant=participant, form=form, visit=visit, number=number, rule=rule
    ).first()


def images_of(scan: Scan) -> tuple[Image, ...]:
    """Every file that was ever attached, with its withdrawal where there is one."""
    rows = Image.objects.filter(scan=scan).select_related("withdrawal")
    return tuple(rows.order_by("at", "code"))


def withdrawal_of(image: Image) -> ImageWithdrawal | None:
    """Why a file is used no more; None where it is used."""
    return getattr(image, "withdrawal", None)


def reasons(participant: str | None = None) -> dict[str, str]:
    """Why files (of one participant) were withdrawn, by file; "" where the text was removed."""
    entries = LedgerEntry.objects.filter(what=imaging.WITHDRAWN)
    if participant is not None:
        entries = entries.filter(chain=participant)
    rows = entries.values_list("subject", "payload__data")
    return {
        subject.partition("/")[0]: str(json.loads(data)["reason"]) if data else ""
        for subject, data in rows
    }


def declined_of(scan: Scan) -> tuple[ImageDeclined, ...]:
    """Who could not read it masked."""
    return tuple(ImageDeclined.objects.filter(scan=scan).order_by("at"))


def imaging_tables() -> dict[str, Table]:
    """Path of each table of an export to its header and rows; none where no file is attached."""
    if not Image.objects.exists():
        return {}
    place = ("participant", "form", "visit", "number", "rule")
    return {
        "files.csv": (
            (*place, "scan", "file", "kind", "bytes", "frames", "sha256", "on", "by", "at",
             "withdrawn_reason", "erased", "withdrawn_by", "withdrawn_at"),
            _files(),
        ),
        "readings.csv": (
            (*place, "scan", "pictures", "slot", "scores", "total", "by", "at"),
            _readings(),
        ),
    }  # fmt: skip


def _place(scan: Scan) -> tuple[Cell, ...]:
    return (scan.participant_id, scan.form, scan.visit, scan.number, scan.rule, scan.code)


def _files() -> Iterator[tuple[Cell, ...]]:
    why = reasons()
    for one in Image.objects.select_related("scan", "withdrawal").order_by("scan", "at", "code"):
        gone = withdrawal_of(one)
        yield (
            *_place(one.scan),
            one.code,
            one.kind,
            one.bytes,
            one.frames,
            one.sha256,
            one.on.isoformat(),
            one.by,
            instant_text(one.at),
            *_gone(gone, why.get(one.code, "")),
        )


def _gone(gone: ImageWithdrawal | None, why: str) -> tuple[Cell, ...]:
    if gone is None:
        return (None, None, None, None)
    return (why, str(gone.erased).lower(), gone.by, instant_text(gone.at))


def _readings() -> Iterator[tuple[Cell, ...]]:
    rows = ImageReading.objects.select_related("scan").order_by("scan", "content", "slot")
    for one in rows:
        scores: dict[str, Any] = json.loads(one.scores)
        said = " ".join(f"{name}={value}" for name, value in sorted(scores.items()))
        at = instant_text(one.at)
        yield (*_place(one.scan), one.content, one.slot, said, one.total, one.by, at)
