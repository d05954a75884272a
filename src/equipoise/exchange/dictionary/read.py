"""Terms from files: plain CSV, MedDRA's ASC, WHODrug's and ICD's tables as CSV.

csv
    A header with `code` and `term`; `term_zh` and `path` where there are some.
meddra
    `llt.asc` of a MedDRA distribution: fields between `$`; field 1 the code, 2 the lowest
    level term, 3 its preferred term's code, 10 `Y` where current. With `mdhier.asc` beside
    it the path of each preferred term is kept.
whodrug, icd
    The table of names as CSV, columns chosen by name: `code` and `term` are found under the
    names that these files use.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from equipoise.errors import FileRefused

Kind = Literal["csv", "meddra", "whodrug", "icd"]
KINDS: tuple[Kind, ...] = ("csv", "meddra", "whodrug", "icd")
LONGEST = 400
MOST = 1_000_000
_NAMES: dict[str, tuple[str, ...]] = {
    "code": ("code", "drugcode", "drug code", "atc code", "icd code", "medicinalprod_id"),
    "term": ("term", "name", "drug name", "drug_name", "title", "description", "medicinal product"),
    "term_zh": ("term_zh", "term (zh)", "chinese", "名称", "中文名称"),
    "path": ("path", "class", "atc text", "chapter", "group"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term that can be chosen. `path` is what it belongs to, from the outside in."""

    code: str
    text: str
    text_zh: str = ""
    path: str = ""


def read_terms(data: bytes, kind: Kind, *, hierarchy: bytes | None = None) -> tuple[Term, ...]:
    """The terms of a file, each code and text once.

    Args:
        data: the file as it is on disk; UTF-8, or Latin-1 for MedDRA's English ASC.
        kind: which layout.
        hierarchy: `mdhier.asc`, for MedDRA.

    Raises:
        FileRefused: it is not such a file; the sentence names the line.

    """
    if kind == "meddra":
        found = _meddra(_text(data, "latin-1"), _paths(hierarchy))
    else:
        found = _table(_text(data, ""))
    kept = {(one.code, one.text): one for one in found}
    if not kept:
        raise FileRefused("it holds no term")
    return tuple(kept.values())


def _text(data: bytes, otherwise: str) -> str:
    if data[:4] in (b"PK\x03\x04", b"%PDF") or data[:2] == b"\x1f\x8b" or b"\x00" in data[:4096]:
        raise FileRefused("it is no text file. Unpack it first")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        if otherwise:
            return data.decode(otherwise)
        line = data.count(b"\n", 0, problem.start) + 1
        raise FileRefused(f"line {line} is not UTF-8. Save it as CSV in UTF-8") from problem


def _table(text: str) -> Iterator[Term]:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [one.strip().lower() for one in next(rows, [])]
    at = {name: _column(header, names) for name, names in _NAMES.items()}
    if at["code"] is None or at["term"] is None:
        raise FileRefused("its first line names no column `code` and no column `term`")
    for number, row in enumerate(_bounded(rows), start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: _cell(row, place) for name, place in at.items()}
        if not cells["code"] or not cells["term"]:
            raise FileRefused(f"line {number} has no code or no term")
        yield Term(
            code=cells["code"],
            text=cells["term"],
            text_zh=cells["term_zh"],
            path=cells["path"],
        )


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(row: list[str], place: int | None) -> str:
    return row[place].strip()[:LONGEST] if place is not None and place < len(row) else ""


def _bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        for number, row in enumerate(rows):
            if number >= MOST:
                raise FileRefused(f"it has more than {MOST:,} terms")
            yield row
    except csv.Error as problem:
        raise FileRefused(f"it is no CSV file ({problem})") from problem


def _meddra(text: str, paths: Mapping[str, str]) -> Iterator[Term]:
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split("$")
        if not line.strip():
            continue
        if len(fields) < 10 or not fields[0].strip().isdigit():
            raise FileRefused(f"line {number} is not one of MedDRA's llt.asc")
        if fields[9].strip().upper() != "N":
            code, words, preferred = (fields[at].strip() for at in (0, 1, 2))
            yield Term(code=code, text=words[:LONGEST], path=paths.get(preferred, ""))


def _paths(hierarchy: bytes | None) -> dict[str, str]:
    """Preferred term's code to `system > group > term`; the primary path where there are several."""
    found: dict[str, str] = {}
    for line in _text(hierarchy, "latin-1").splitlines() if hierarchy else ():
        fields = [one.strip() for one in line.split("$")]
        if len(fields) < 12:
            continue
        preferred, primary = fields[0], fields[11].upper() == "Y"
        if primary or preferred not in found:
            found[preferred] = " > ".join(fields[at] for at in (7, 6, 5, 4) if fields[at])
    return found
