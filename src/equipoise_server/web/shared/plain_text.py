"""A text that somebody typed, with headings and lists, as safe HTML."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True})
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "br", "h2", "h3"}


def html(text: str) -> SafeString:
    """The text as HTML without links, scripts, images or styles; lines end where they were ended."""
    return mark_safe(nh3.clean(_MARKDOWN.render(text), tags=_TAGS, attributes={}))  # noqa: S308 - nh3 has cleaned it
