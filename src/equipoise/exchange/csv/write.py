"""All tables of a study, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from equipoise.exchange.bundle import Bundle, Written, bundle
from equipoise.exchange.csv.cells import Json
from equipoise.exchange.csv.codebook import exported_forms, write_codebook
from equipoise.exchange.csv.ledger import write_ledger
from equipoise.exchange.csv.readme import page
from equipoise.exchange.csv.records import write_records
from equipoise.exchange.csv.tables import write_participants, write_table
from equipoise.exchange.source import About, SignatureLine, Source
from equipoise.protocol.model import Study

Arms = Mapping[str, tuple[str, str | None]]
"""Participant to allocated arm and the arm of the product in their kit, once released."""

Table = tuple[Iterable[str], Iterable[Iterable[Json]]]
"""Header and rows."""


def write(
    study: Study,
    source: Source,
    out: Path,
    *,
    about: About,
    arms: Arms | None = None,
    signatures: Iterable[SignatureLine] | None = None,
    cleaning: Mapping[str, Table] | None = None,
    documents: Iterable[tuple[str, str]] = (),
) -> tuple[Written, ...]:
    """Write the folder, in memory that does not grow with the number of records.

    Args:
        study: the study under which the records are read.
        source: everything of one moment.
        out: a new or empty folder.
        about: what the export says about itself.
        arms: after release alone; then `allocation.csv` is written too.
        signatures: for `signatures.csv`, where there can be any.
        cleaning: path to header and rows of queries, codings, deviations, verifications.
        documents: path and text of what else goes into the folder.

    Raises:
        FolderNotEmpty, StorageFull: of `out`. Nothing was written.
        RecordUnreadable: a stored document does not fit its form.

    """
    with bundle(out) as files:
        write_participants(files, study.protocol.randomisation.strata, source.participants())
        write_records(files, exported_forms(study), source)
        write_ledger(files, source.entries())
        write_table(files, "sites.csv", ("site", "name", "timezone"), source.sites())
        if signatures is not None:
            write_table(files, "signatures.csv", SignatureLine._fields, signatures)
        for path, (header, rows) in (cleaning or {}).items():
            write_table(files, path, header, rows)
        if arms is not None:
            _write_arms(files, study, arms)
        for path, text in documents:
            files.add(path, text)
        write_codebook(files, study)
        files.add("README.txt", page(study, about, files.files))
        files.add_checksums()
        return tuple(files.files)


def _write_arms(files: Bundle, study: Study, arms: Arms) -> None:
    titles = {arm.id: arm.title.say("en") for arm in study.protocol.arms}
    header = ("participant", "arm", "arm_title", "received")
    rows = ((one, arm, titles.get(arm), got) for one, (arm, got) in sorted(arms.items()))
    write_table(files, "allocation.csv", header, rows)
