"""Reading a registry record: whatever the file holds, a record or one sentence."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from equipoise.errors import Place, StudyUnreadable

LARGEST = 16 * 1024 * 1024  # bytes; the largest public records are a few MiB
LONGEST = 60_000  # characters kept of one text
_NCT = re.compile(r"NCT[0-9]{8}", re.ASCII)
_UNUSABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_MARKDOWN = re.compile(r"\\([\\`*_{}\[\]()<>#+.!|~^=-])")


@dataclass(slots=True)
class Record:
    """A record and a way to ask for its parts. What has another type than expected is noted."""

    nct: str
    section: Mapping[str, Any]
    odd: list[str] = field(default_factory=list)

    def at(self, *path: str) -> Any:
        """What stands at a path, or None."""
        found: Any = self.section
        for name in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(name)
        return found

    def text(self, *path: str) -> str:
        """A text, cleaned; empty where there is none."""
        return self._text(self.at(*path), path)

    def _text(self, found: Any, path: tuple[str, ...]) -> str:
        if found is None:
            return ""
        if not isinstance(found, str):
            self.odd.append(".".join(path))
            return ""
        return cleaned(found)

    def texts(self, *path: str) -> list[str]:
        """A list of texts."""
        return [one for part in self.parts(*path) if (one := self._text(part, path))]

    def parts(self, *path: str) -> list[Any]:
        """A list; empty where there is none."""
        found = self.at(*path)
        if found is None:
            return []
        if not isinstance(found, list):
            self.odd.append(".".join(path))
            return []
        return found

    def objects(self, *path: str) -> list[Record]:
        """A list of objects, each to be asked like the record."""
        kept = []
        for part in self.parts(*path):
            if isinstance(part, Mapping):
                kept.append(Record(nct=self.nct, section=part, odd=self.odd))
            else:
                self.odd.append(".".join(path))
        return kept

    def whole_number(self, *path: str) -> int | None:
        """A whole number from 0 to a thousand million, or None."""
        found = self.at(*path)
        if type(found) is int and 0 <= found <= 1_000_000_000:
            return found
        if found is not None:
            self.odd.append(".".join(path))
        return None

    def flag(self, *path: str) -> bool | None:
        """True, false or None."""
        found = self.at(*path)
        if found is None or isinstance(found, bool):
            return found
        self.odd.append(".".join(path))
        return None


def cleaned(text: str) -> str:
    """A text without what a study file cannot hold, and without Markdown's backslashes."""
    plain = _UNUSABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return (
        _MARKDOWN.sub(r"\1", plain)
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")[:LONGEST]
        .strip()
    )


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises:
        StudyUnreadable: no file, too large, not UTF-8, not JSON, nested without end, or not a
            ClinicalTrials.gov API v2 record.

    """
    document = _document(path, _bytes(path))
    return record_in(path, document)


def records_in(path: Path) -> list[Record]:
    """Every record in a file: one record, or a page of the registry's API (`studies`).

    Raises:
        StudyUnreadable: as `read_record`; one bad record refuses the file.

    """
    document = _document(path, _bytes(path))
    if isinstance(document, Mapping) and isinstance(document.get("studies"), list):
        return [record_in(path, one) for one in document["studies"]]
    return [record_in(path, document)]


def record_in(path: Path, document: Any) -> Record:
    """The record that a JSON document of this file holds.

    Raises:
        StudyUnreadable: a list of records, or not a ClinicalTrials.gov API v2 record.

    """
    if isinstance(document, Mapping) and isinstance(document.get("studies"), list):
        _refuse(path, "It holds a list of records: save one record in a file of its own.")
    section = document.get("protocolSection") if isinstance(document, Mapping) else None
    if not isinstance(section, Mapping):
        _refuse(path, "It has no `protocolSection`: save the record from the registry's API v2.")
    record = Record(nct="", section=section)
    nct = record.at("identificationModule", "nctId")
    if not isinstance(nct, str) or not _NCT.fullmatch(nct):
        _refuse(path, "It has no registration number (`nctId`): it is not a registry record.")
    record.nct = nct
    return record


def _bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            _refuse(path, "It is not an ordinary file: give a JSON file.")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "not a usable name"
        _refuse(path, f"It cannot be read ({why}): give the file of a registry record.")
    if len(raw) > LARGEST:
        _refuse(path, f"It is larger than {LARGEST // 1024 // 1024} MiB: save one record alone.")
    return raw


def _document(path: Path, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        _refuse(path, "It is not UTF-8 text: save the record as JSON.")
    except json.JSONDecodeError as problem:
        words = f"It is not JSON ({problem.msg}): is the download complete?"
        _refuse(path, words, problem.lineno, problem.colno)
    except RecursionError:
        _refuse(path, "It is nested too deeply for a registry record.")
    except ValueError as problem:
        _refuse(path, f"It holds a number that is none ({str(problem)[:60]}).")


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(path: Path, words: str, line: int = 0, column: int = 0) -> NoReturn:
    shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
    raise StudyUnreadable(Place(shown, line, column), words)
