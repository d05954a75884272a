"""The folder that `export --to odm` writes."""

from __future__ import annotations

from pathlib import Path

from equipoise.exchange.bundle import Written, bundle
from equipoise.exchange.odm.clinical import write_data, write_people
from equipoise.exchange.odm.metadata import write_study
from equipoise.exchange.odm.xml import Writer
from equipoise.exchange.source import About, Source
from equipoise.protocol.model import Study

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"


def write(study: Study, source: Source, out: Path, *, about: About) -> tuple[Written, ...]:
    """Write `odm.xml`, a transactional ODM 1.3.2 file; its rows are record versions.

    Raises:
        FolderNotEmpty, StorageFull: of `out`. Nothing was written.

    """
    with bundle(out) as files:
        with files.sheet("odm.xml") as sheet:
            xml = Writer(sheet)
            with xml.element(
                "ODM",
                xmlns=NAMESPACE,
                ODMVersion="1.3.2",
                FileType="Transactional",
                FileOID=f"{study.protocol.id}.{about.at}",
                Granularity="All",
                CreationDateTime=about.at,
                Description=study.digest,
                Originator=about.by,
                SourceSystem="equipoise",
            ):
                write_study(xml, study)
                write_people(xml, study, source, about.at[:10])
                sheet.rows = write_data(xml, study, source)
        files.add_checksums()
        return tuple(files.files)
