"""Public texts of the study folder as safe HTML."""

from __future__ import annotations

from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from equipoise.protocol.model import Page, Study

FIRST = ("summary", "about", "index")
_TABLE = '<div class="scroll" tabindex="0"><table class="eq">'
LONG = 8000  # bytes; a longer text is opened on demand
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_TAGS = {
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "sub", "sup"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """One text: its id, its first heading, and what follows that as safe HTML."""

    id: str
    title: str
    html: SafeString
    long: bool


def pages(study: Study, language: str) -> tuple[Prose, ...]:
    """Every public text in one language (English where it was not translated), summary first."""
    chosen: dict[str, Page] = {}
    for page in study.pages:
        if page.language == language or (page.language == "en" and page.id not in chosen):
            chosen[page.id] = page
    order = sorted(chosen, key=lambda name: (FIRST.index(name) if name in FIRST else 9, name))
    return tuple(_prose(chosen[name]) for name in order)


def _prose(page: Page) -> Prose:
    title, text = _split(page)
    return Prose(id=page.id, title=title, html=html(text), long=len(text.encode()) > LONG)


def _split(page: Page) -> tuple[str, str]:
    lines = page.markdown.strip().split("\n")
    if lines[0].startswith("# "):
        return lines[0][2:].strip(), "\n".join(lines[1:])
    return page.id.replace("-", " ").capitalize(), page.markdown


def html(markdown: str) -> SafeString:
    """Markdown as HTML without scripts, images or styles; headings begin below the page's own."""
    drawn = _MARKDOWN.render(markdown.replace("\n# ", "\n### ").replace("\n## ", "\n### "))
    clean = nh3.clean(drawn, tags=_TAGS, attributes={"a": {"href"}}, link_rel="noopener noreferrer")
    framed = clean.replace("<table>", _TABLE).replace("</table>", "</table></div>")
    return mark_safe(framed)  # noqa: S308 - nh3 has cleaned it
