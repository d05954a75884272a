"""The folders that `export --to ctgov` and `--to who24` write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from equipoise.exchange.bundle import Bundle, Written, bundle
from equipoise.exchange.csv.tables import write_table
from equipoise.exchange.registration.ctgov import record_of
from equipoise.exchange.registration.gaps import as_json
from equipoise.exchange.registration.who24 import completeness, items_of
from equipoise.protocol.model import Study


def write_ctgov(study: Study, out: Path) -> tuple[Written, ...]:
    """Write `study.json` (ClinicalTrials.gov API v2 shape) and `gaps.json`.

    Raises:
        FolderNotEmpty, StorageFull: of `out`. Nothing was written.

    """
    record, gaps = record_of(study.protocol)
    with bundle(out) as files:
        _document(files, "study.json", record)
        listed = [as_json(gap) for gap in gaps]
        _document(files, "gaps.json", {**_about(study), "gaps": listed})
        files.add_checksums()
        return tuple(files.files)


def write_who24(study: Study, out: Path) -> tuple[Written, ...]:
    """Write `who24.csv` and `completeness.json`.

    Raises:
        FolderNotEmpty, StorageFull: of `out`. Nothing was written.

    """
    items = items_of(study.protocol)
    header = ("number", "item", "value", "origin", "filled", "registered")
    with bundle(out) as files:
        rows = (
            (one.number, one.item, one.value, one.origin, one.filled, one.registered)
            for one in items
        )
        write_table(files, "who24.csv", header, rows)
        _document(files, "completeness.json", {**_about(study), **completeness(items)})
        files.add_checksums()
        return tuple(files.files)


def _about(study: Study) -> dict[str, Any]:
    protocol = study.protocol
    return {"study": protocol.id, "version": protocol.version, "digest": study.digest}


def _document(files: Bundle, path: str, document: dict[str, Any]) -> None:
    files.add(path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
