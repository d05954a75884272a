"""Sections as safe HTML, with a pop-over at the first place of each word that is explained.

The pop-overs are the browser's own: they open by pointer, touch and keyboard, close with Escape,
and need no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from equipoise.protocol.consent_document import Term

_MARKDOWN = MarkdownIt("commonmark")
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "blockquote", "br", "h3", "h4"}
_TAG = re.compile(r"(<[^>]+>)")


def html(markdown: str, terms: Iterable[Term] = (), *, prefix: str = "w") -> SafeString:
    """Markdown as HTML without links, scripts, images or styles."""
    clean = nh3.clean(_MARKDOWN.render(markdown), tags=_TAGS, attributes={})
    drawers = []
    for number, term in enumerate(terms):
        marked = _mark(clean, term, f"{prefix}-{number}")
        if marked is not None:
            clean = marked
            drawers.append(
                f'<div popover id="{prefix}-{number}" class="explained" role="note">'
                f"<strong>{escape(term.word)}</strong> {escape(term.meaning)}</div>"
            )
    return mark_safe(clean + "".join(drawers))  # noqa: S308 - nh3 has cleaned it


def _mark(clean: str, term: Term, name: str) -> str | None:
    """The text with the first place of the word as a button; None where it does not occur."""
    word = re.sub(r"\s*[(（].*", "", term.word)
    ends = r"\w*" if word.isascii() else ""
    starts = r"\b" if word.isascii() else ""
    pattern = re.compile(starts + re.escape(escape(word)) + ends, re.IGNORECASE)
    parts = _TAG.split(clean)
    inside = 0
    for at, part in enumerate(parts):
        if part.startswith("<"):
            inside += part.startswith("<button") - part.startswith("</button")
            continue
        found = None if inside else pattern.search(part)
        if found:
            button = (
                f'<button type="button" class="word" popovertarget="{name}">{found[0]}</button>'
            )
            parts[at] = part[: found.start()] + button + part[found.end() :]
            return "".join(parts)
    return None
