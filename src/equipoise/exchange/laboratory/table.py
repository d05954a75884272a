"""A CSV file as header and rows, or why it is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from equipoise.errors import FileRefused

LARGEST = 5 * 1024 * 1024
MOST_LINES = 20_000
WIDEST = 1000
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "it is a zip archive or an Excel workbook, not CSV. Save the sheet as CSV"),
    (b"PK\x05\x06", "it is a zip archive, not CSV. Unpack it first"),
    (b"\x1f\x8b", "it is a gzip archive, not CSV. Unpack it first"),
    (b"%PDF", "it is a PDF, not CSV. Ask the laboratory for its data file"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook, not CSV. Save the sheet as CSV"),
    (b"\xff\xfe", "it is UTF-16. Save it as CSV in UTF-8"),
    (b"\xfe\xff", "it is UTF-16. Save it as CSV in UTF-8"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A header and rows of cells with their line numbers, counted from 1 for the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(data: bytes) -> Table:
    """The table of a file.

    Raises:
        FileRefused: too large, empty, no text, not UTF-8, no CSV, columns named twice.

    """
    lines = _lines(_text(data))
    _, header = next(lines, (0, ()))
    names = tuple(cell.strip() for cell in header)
    if len(names) < 2 or not all(names):
        raise FileRefused("its first line does not name the columns, separated by commas")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileRefused(f"two columns are called {twice[0][:40]!r}")
    rows = tuple((number, cells) for number, cells in lines if any(cells))
    if not rows:
        raise FileRefused("it has a header and no line")
    return Table(header=names, rows=rows)


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise FileRefused(f"it is larger than {LARGEST // 1024 // 1024} MiB. Split it")
    if not data.strip():
        raise FileRefused("it is empty")
    for sign, why in _KINDS:
        if data.startswith(sign):
            raise FileRefused(why)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise FileRefused(f"line {line} is not UTF-8. Save it as CSV in UTF-8") from problem
    if any(letter < " " and letter not in "\t\r\n" for letter in set(text)):
        raise FileRefused("it holds characters that no text has. Save it as CSV in UTF-8")
    return text


def _lines(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for count, row in enumerate(reader):
            if count > MOST_LINES:
                raise FileRefused(f"it has more than {MOST_LINES:,} lines. Split it")
            if any(len(cell) > WIDEST for cell in row):
                raise FileRefused(f"line {reader.line_num} has a cell of over {WIDEST} characters")
            yield reader.line_num, tuple(cell.strip(" ") for cell in row)
    except csv.Error as problem:
        words = f"line {reader.line_num} is not CSV ({problem})"
        raise FileRefused(words) from problem
