"""The readable protocol as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

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


def to_html(study: Study, sections: Sequence[Section], language: str = "en") -> str:
    """A standalone page: no script, no request, readable on a phone and on paper."""
    title = escape(study.protocol.title.say(language))
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#{one.id}">{escape(one.title)}</a></li>' for one in sections)
    body = "".join(_section(one, language) for one in sections)
    version = f"{word('Protocol version', language)} {escape(study.protocol.version)}"
    digest = f"{word('Digest', language)} <code>{study.digest}</code>"
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>\n"
        f'<p class="short">{escape(study.protocol.short_title.say(language))}</p>\n'
        f"<h1>{title}</h1>\n<p>{version}</p>\n<p>{digest}</p>\n</header>\n"
        f'<nav aria-label="{word("Contents", language)}"><ol>{contents}</ol></nav>\n'
        f"<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _section(section: Section, language: str) -> str:
    parts = [f'<section id="{section.id}">\n<h2>{escape(section.title)}</h2>\n']
    points: list[str] = []
    for block in section.blocks:
        if isinstance(block, Paragraph) and block.point:
            points.append(f"<li>{_cells(block.parts, language)}</li>")
            continue
        parts += _flush(points)
        parts += _block(block, language)
    parts += _flush(points)
    return "".join(parts) + "</section>\n"


def _flush(points: list[str]) -> list[str]:
    found = [f"<ul>{''.join(points)}</ul>\n"] if points else []
    points.clear()
    return found


def _block(block: Block, language: str) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"<p>{_cells(block.parts, language)}</p>\n"
        case Subtitle():
            yield f"<h3>{escape(block.text)}</h3>\n"
        case Figure():
            caption = f"<figcaption>{escape(block.caption)}</figcaption>"
            yield f"<figure>{block.svg}{caption}</figure>\n"
        case Table():
            yield _table(block, language)


def _table(table: Table, language: str) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in table.head)
    rows = "".join(_row(one, table.head, language) for one in table.rows)
    name = "wide" if table.wide else "plain pair" if len(table.head) == 2 else "plain"
    label = escape(table.caption or table.head[0])
    return (
        f'<div class="table {name}" role="region" tabindex="0" aria-label="{label}">'
        f"<table>{caption}<thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _row(row: Sequence[Iterable[Cell]], head: Sequence[str], language: str) -> str:
    first, *rest = [_cells(cell, language) for cell in row]
    # On a phone the heading row is hidden and each cell of a longer row says its own heading.
    labels = head[1:] if len(head) > 2 else [""] * len(rest)
    cells = "".join(
        f'<td data-label="{escape(label)}">{cell}</td>' if label else f"<td>{cell}</td>"
        for label, cell in zip(labels, rest, strict=True)
    )
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def _cells(parts: Iterable[Cell], language: str) -> str:
    return "".join(_cell(part, language) for part in parts).strip()


def _cell(cell: Cell, language: str) -> str:
    if isinstance(cell, str):
        return escape(cell)
    text = escape(" ".join(cell.text.split()) if cell.code else cell.text)
    text = f"<code>{text}</code>" if cell.code else text
    if cell.origin is None:
        return text
    title = f' title="{escape(cell.source)}"' if cell.source else ""
    badge = f'<span class="origin {cell.origin}"{title}>{word(cell.origin, language)}</span>'
    source = f'<span class="source">{escape(cell.source)}</span>' if cell.source else ""
    return f"{text} {badge}{source}"
