"""What the ledger says of files and readings, and what of a scan counts now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from equipoise.digest import canonical_json, sha256
from equipoise.protocol.identity import as_data
from equipoise.protocol.imaging import Imaging
from equipoise_server.store import image_files
from equipoise_server.store.models import (
    Image,
    ImageDeclined,
    ImageReading,
    ImageWithdrawal,
    Scan,
)

ATTACHED = "image-attached"
WITHDRAWN = "image-withdrawn"
READ = "image-read"
DECLINED = "image-declined"

ENTRIES = frozenset({ATTACHED, WITHDRAWN, READ, DECLINED})
"""Kinds of entries on participants' chains that change nobody's life-cycle."""

TABLES = {ATTACHED: "store_image", READ: "store_imagereading"}
"""Rows that the payload of their entry repeats."""
TOLD = {WITHDRAWN: "store_imagewithdrawal", DECLINED: "store_imagedeclined"}
"""Rows whose entry says why."""


def place_of(scan: Scan) -> dict[str, object]:
    """Where a scan belongs, as entries say it."""
    return {
        "scan": scan.code,
        "form": scan.form,
        "visit": scan.visit,
        "number": scan.number,
        "rule": scan.rule,
    }


def attached(row: Image) -> dict[str, object]:
    """What the ledger says of a file."""
    return {
        **place_of(row.scan),
        "image": row.code,
        "kind": row.kind,
        "sha256": row.sha256,
        "bytes": row.bytes,
        "frames": row.frames,
        "on": row.on.isoformat(),
        "source": row.source,
        "plan": row.plan,
        "steps": sha256(row.steps.encode()),
    }


def withdrawn(row: ImageWithdrawal, reason: str) -> dict[str, object]:
    """What the ledger says of a file that is used no more."""
    return {
        **place_of(row.image.scan),
        "image": row.image_id,
        "reason": reason,
        "erased": row.erased,
    }


def read(row: ImageReading) -> dict[str, object]:
    """What the ledger says of a reading."""
    return {
        **place_of(row.scan),
        "content": row.content,
        "slot": row.slot,
        "scores": json.loads(row.scores),
    }


def declined(row: ImageDeclined, reason: str) -> dict[str, object]:
    """What the ledger says of a reader who could not read masked."""
    return {**place_of(row.scan), "reason": reason}


def subject_of(row: Image | ImageWithdrawal | ImageReading | ImageDeclined) -> str:
    """What an entry is about, beside its payload: it stays where a text has to be removed."""
    match row:
        case Image():
            return row.code
        case ImageWithdrawal():
            return f"{row.image_id}/{'erased' if row.erased else 'kept'}"
        case ImageReading():
            return f"{row.scan_id}/{row.slot}"
        case _:
            return f"{row.scan_id}/{row.by}"


def lines(what: str) -> Iterator[tuple[str, str]]:
    """Chain and payload of every row of a kind, as the ledger has to say them."""
    if what == ATTACHED:
        for image in Image.objects.select_related("scan"):
            yield image.scan.participant_id, canonical_json(attached(image)).decode()
    else:
        for row in ImageReading.objects.select_related("scan"):
            yield row.scan.participant_id, canonical_json(read(row)).decode()


def subjects(what: str) -> Iterator[tuple[str, str]]:
    """Chain and subject of every row of a kind whose text stands in the ledger alone."""
    if what == WITHDRAWN:
        for gone in ImageWithdrawal.objects.select_related("image__scan"):
            yield gone.image.scan.participant_id, subject_of(gone)
    else:
        for row in ImageDeclined.objects.select_related("scan"):
            yield row.scan.participant_id, subject_of(row)


def broken_files() -> Iterator[tuple[str, str]]:
    """Each file that should be there and is not as it was kept, and why."""
    kept = Image.objects.exclude(withdrawal__erased=True).values_list("sha256", flat=True)
    yield from image_files.broken(kept)


def in_use(scan: Scan) -> tuple[Image, ...]:
    """The pictures of a scan that count now, in the order in which they were attached."""
    rows = Image.objects.filter(scan=scan, withdrawal__isnull=True).order_by("at", "code")
    return tuple(rows)


def content_of(images: Iterable[Image]) -> str:
    """The digest of a set of pictures; "" of none."""
    listed = sorted(one.sha256 for one in images)
    return sha256(listed) if listed else ""


def readings_of(scan: Scan, content: str) -> dict[int, ImageReading]:
    """The readings of these pictures by slot."""
    rows = ImageReading.objects.filter(scan=scan, content=content) if content else ()
    return {one.slot: one for one in rows}


def plan_digest(plan: Imaging) -> str:
    """The identity of a plan."""
    return sha256(canonical_json(as_data(plan)))
