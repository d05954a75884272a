"""Writing the draft folder: whole, and readable by `check`, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from equipoise.errors import Place, StudyUnreadable
from equipoise.exchange.bundle import Bundle, bundle
from equipoise.exchange.registry.protocol import Draft, draft_of
from equipoise.exchange.registry.record import read_record
from equipoise.protocol.findings import Finding, errors
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.load import read

_HEAD = """\
# A draft made from the ClinicalTrials.gov record {nct}. What the record states has the origin
# `registered`; everything else is a proposal that a person has to decide.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A draft that was written, and the gaps in it."""

    path: Path
    findings: tuple[Finding, ...]


def import_record(file: Path, folder: Path) -> Imported:
    """Make a draft study folder of a registry record.

    Raises:
        StudyUnreadable: the file is no such record, or no draft can be made of it.
        FolderNotEmpty, StorageFull: of `folder`. Nothing was written.

    """
    made = draft_of(read_record(file))
    with bundle(folder) as files:
        _write(files, made)
        loaded = read(files.folder)
        wrong = errors(loaded.findings)
        if loaded.study is None:
            words = wrong[0].message if wrong else "it does not fit the model"
            raise StudyUnreadable(Place(str(file)), f"No draft can be made of it: {words}")
        files.folder.chmod(0o755)
    return Imported(path=folder, findings=tuple(_finding(code, said) for code, said in made.gaps))


def _write(files: Bundle, made: Draft) -> None:
    head = _HEAD.format(nct=made.record.nct)
    files.add(PROTOCOL_FILE, head + _yaml(made.protocol))
    for name, form in made.forms.items():
        files.add(f"forms/{name}.yaml", _yaml(form))


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, width=100, default_flow_style=False
    )


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, severity="warning", place=Place(PROTOCOL_FILE), message=message)
