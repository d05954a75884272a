"""The readable protocol as Markdown (GitHub tables)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from equipoise.protocol.explain.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Section,
    Subtitle,
    Table,
)
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import Study

SPECIAL = str.maketrans({one: f"\\{one}" for one in "\\|*_<>[]`#~"})


def to_markdown(study: Study, sections: Sequence[Section], language: str = "en") -> str:
    """One Markdown document."""
    lines = [f"# {_plain(study.protocol.title.say(language))}", ""]
    lines += [f"{word('Digest', language)} `{study.digest}`", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        previous: Block | None = None
        for block in section.blocks:
            if _is_point(previous) and not _is_point(block):
                lines.append("")
            lines += _block(block, language)
            previous = block
        if _is_point(previous):
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _is_point(block: Block | None) -> bool:
    return isinstance(block, Paragraph) and block.point


def _block(block: Block, language: str) -> Iterator[str]:
    match block:
        case Paragraph(point=True):
            yield f"- {_cells(block.parts, language)}"
        case Paragraph():
            yield from (_cells(block.parts, language), "")
        case Subtitle():
            yield from (f"### {_plain(block.text)}", "")
        case Figure():
            yield from (f"*{_plain(block.caption)}*", "")
        case Table():
            yield from _table(block, language)


def _table(table: Table, language: str) -> Iterator[str]:
    if table.caption:
        yield from (f"**{_plain(table.caption)}**", "")
    yield f"| {' | '.join(_plain(cell) for cell in table.head)} |"
    yield f"|{'---|' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(_cells(cell, language) for cell in row)} |"
    yield ""


def _cells(parts: Iterable[Cell], language: str) -> str:
    return "".join(_cell(part, language) for part in parts).strip()


def _cell(cell: Cell, language: str) -> str:
    if isinstance(cell, str):
        return _plain(cell)
    text = _code(cell.text) if cell.code else _plain(cell.text)
    if cell.origin is None:
        return text
    source = f": {_plain(cell.source)}" if cell.source else ""
    return f"{text} `{word(cell.origin, language)}`{source}".strip()


def _plain(text: str) -> str:
    return " ".join(text.split(" ")).replace("\n", " ").translate(SPECIAL)


def _code(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|")
    return f"``{shown}``" if "`" in shown else f"`{shown}`"
