"""Public texts of the study folder as safe HTML, paragraph by paragraph.

Each paragraph has the name that annotations hold on to (`equipoise.protocol.passages`). One
that promises what no trial can know is not shown unless it carries a mark of approval.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from equipoise.protocol.check.claims import unapproved
from equipoise.protocol.model import Page, Study

FIRST = ("summary", "about", "index")
_TABLE = '<div class="scroll" tabindex="0" role="group"><table class="eq">'
LONG = 8000  # bytes; a longer text is opened on demand
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_TAGS = {
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "sub", "sup"),
}
_MARKS = re.compile(r"\[(\d{1,3}(?:, ?\d{1,3})*)\]")
_DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s<]*[^\s<.,;)])")
_NUMBER = re.compile(r"\b(NCT\d{8}|PMC\d{5,9})\b")
_PLACES = {
    "N": "https://clinicaltrials.gov/study/",
    "P": "https://www.ncbi.nlm.nih.gov/pmc/articles/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """One text: its id, its first heading, and what follows that as safe HTML."""

    id: str
    title: str
    html: SafeString
    long: bool


def pages(study: Study, language: str, *, noting: bool = False) -> tuple[Prose, ...]:
    """Every public text in one language (English where it was not translated), summary first.

    With `noting` each paragraph leads to a page on which a note can be written.
    """
    chosen: dict[str, Page] = {}
    for page in study.pages:
        if page.language == language or (page.language == "en" and page.id not in chosen):
            chosen[page.id] = page
    order = sorted(chosen, key=lambda name: (FIRST.index(name) if name in FIRST else 9, name))
    return tuple(_prose(chosen[name], noting) for name in order)


def _prose(page: Page, noting: bool) -> Prose:
    title, text = _split(page)
    cited = bool(re.search(r"^#+ .*(References|参考文献)", page.markdown, re.MULTILINE))
    drawn = _with_references(_body(page, noting)) if cited else _body(page, noting)
    return Prose(
        id=page.id,
        title=title,
        html=mark_safe(drawn),  # noqa: S308 - nh3 has cleaned every part
        long=len(text.encode()) > LONG,
    )


def _split(page: Page) -> tuple[str, str]:
    lines = page.markdown.strip().split("\n")
    if lines[0].startswith("# "):
        return lines[0][2:].strip(), "\n".join(lines[1:])
    return page.id.replace("-", " ").capitalize(), page.markdown


def _body(page: Page, noting: bool) -> str:
    """Every block in its frame; the numbers are those of `passages`, which skips headings."""
    blocks = [one.strip() for one in re.split(r"\n\s*\n", page.markdown) if one.strip()]
    number, drawn = 0, []
    for at, block in enumerate(blocks):
        if block.startswith("#") and "\n" not in block:
            drawn.append("" if at == 0 and block.startswith("# ") else str(html(f"\n{block}")))
            continue
        number += 1
        drawn.append(_framed(block, f"{page.id}.{number}", noting))
    return "".join(drawn)


def _framed(block: str, name: str, noting: bool) -> str:
    hidden = unapproved(" ".join(block.split()))
    context = {"name": name, "text": html(block), "hidden": hidden, "noting": noting}
    return render_to_string("public/passage.html", context)


def _with_references(drawn: str) -> str:
    """Marks such as [4] lead to the list at the end, its entries to what they cite."""
    body, found, listed = drawn.rpartition("<ol>")
    if not found:
        return drawn
    marked = _MARKS.sub(_linked, body)
    entries = listed.split("<li>")
    numbered = [
        f'<li id="ref-{number}">{_cited(one)}' for number, one in enumerate(entries[1:], start=1)
    ]
    return f'{marked}<ol class="references">{entries[0]}{"".join(numbered)}'


def _linked(match: re.Match[str]) -> str:
    numbers = re.split(r", ?", match[1])
    return "[" + ", ".join(f'<a href="#ref-{one}">{one}</a>' for one in numbers) + "]"


def _cited(entry: str) -> str:
    whole = _DOI.sub(r'<a href="https://doi.org/\1" rel="noopener noreferrer">doi:\1</a>', entry)
    return _NUMBER.sub(
        lambda one: (
            f'<a href="{_PLACES[one[0][0]]}{one[0]}" rel="noopener noreferrer">{one[0]}</a>'
        ),
        whole,
    )


def html(markdown: str) -> SafeString:
    """Markdown as HTML without scripts, images or styles; headings begin below the page's own."""
    drawn = _MARKDOWN.render(markdown.replace("\n# ", "\n### ").replace("\n## ", "\n### "))
    clean = nh3.clean(drawn, tags=_TAGS, attributes={"a": {"href"}}, link_rel="noopener noreferrer")
    framed = clean.replace("<table>", _TABLE).replace("</table>", "</table></div>")
    return mark_safe(framed)  # noqa: S308 - nh3 has cleaned it
