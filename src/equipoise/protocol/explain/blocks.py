"""What a readable protocol is made of, before it becomes Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.protocol.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Some words with the origin of what they say. `code` marks a rule or an id."""

    text: str
    origin: Origin | None = None
    source: str | None = None
    code: bool = False


Cell = str | Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph, or one point of a list."""

    parts: tuple[Cell, ...]
    point: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. `wide` ones scroll sideways on a phone and keep their first column."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[Cell, ...], ...], ...]
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing (SVG) with its caption; Markdown shows the caption only."""

    svg: str
    caption: str


Block = Paragraph | Table | Subtitle | Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the protocol with its heading."""

    id: str
    title: str
    blocks: tuple[Block, ...]


def said(text: object, thing: object = None, *, code: bool = False) -> Said:
    """Words with the origin and source that `thing` states."""
    return Said(
        text=str(text),
        origin=getattr(thing, "origin", None),
        source=getattr(thing, "source", None),
        code=code,
    )


def point(*parts: Cell) -> Paragraph:
    """One point of a list."""
    return Paragraph(parts=parts, point=True)


def paragraph(*parts: Cell) -> Paragraph:
    """A paragraph."""
    return Paragraph(parts=parts)


def row(*cells: Cell | tuple[Cell, ...]) -> tuple[tuple[Cell, ...], ...]:
    """A row of a table; a cell may be several pieces."""
    return tuple(cell if isinstance(cell, tuple) else (cell,) for cell in cells)
