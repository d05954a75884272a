"""What a page is looked at for: axe, its width, its targets; a picture where somebody wants one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
SCREENS = ROOT / "build" / "screens"
WANTED = bool(os.environ.get("EQUIPOISE_SCREENS"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})
    .then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 200)))"""
_WIDER = "document.documentElement.scrollWidth > innerWidth + 1"
_SMALL = """() => [...document.querySelectorAll('a, button, input, select, summary')]
    .filter(one => one.offsetParent && !one.closest('p, dd, td, .prose, .skip') && one.type !== 'hidden')
    .map(one => [one.outerHTML.slice(0, 120), (one.closest('label') || one).getBoundingClientRect()])
    .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => 'small: ' + html)"""
"""WCAG 2.5.8 excepts links in running text."""
_SHOWN = """() => {
  if (!document.documentElement.lang.startsWith('zh')) return []
  const data = '[translate=no], .code, code, pre, kbd, script, style, template, noscript'
  const told = one => !one.closest(data) && one.closest('[lang]').lang.toLowerCase().startsWith('zh')
  const found = [], texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT)
  while (texts.nextNode())
    if (told(texts.currentNode.parentElement)) found.push(texts.currentNode.data)
  for (const name of ['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'data-label'])
    for (const one of document.querySelectorAll(`[${name}]`))
      if (told(one)) found.push(one.getAttribute(name))
  for (const one of document.querySelectorAll('input[type=submit], input[type=button]'))
    if (told(one)) found.push(one.value)
  return found.map(one => one.trim().replace(/\\s+/g, ' '))
}"""
"""What a Chinese page says, but for what is marked as data (`translate=no`, `.code`) or as in another language."""
_DATA = re.compile(r"https?://\S+|\S+@\S+|doi:\S+|[A-Z]\w+/[A-Z]\w+|[\w.-]*[\d_][\w.-]*")
"""Addresses, time zones, codes."""
_KNOWN = re.compile(
    r"equipoise|log-rank|Newcombe|Clopper-Pearson|ClinicalTrials\.gov|big stick|/min|\bmin\b|mosm",
    re.IGNORECASE,
)
"""Names that have no other in Chinese, and units."""
_WORD = re.compile(r"[A-Za-z]*[a-z]{3,}")


def wrong(page: Page, name: str = "", *, picture: bool = WANTED) -> list[str]:
    """What axe finds, and whether the page is wider than its window; with the name in front."""
    if picture and name:
        take(page, name)
    page.evaluate(AXE)
    return [f"{name} {one}" for one in (*page.evaluate(_RUN, RULES), *wide(page))]


def wide(page: Page) -> list[str]:
    """Whether the page is wider than its window."""
    return ["wider than the window"] if page.evaluate(_WIDER) else []


def small(page: Page) -> list[str]:
    """Targets under 24 pixels."""
    found: list[str] = page.evaluate(_SMALL)
    return found


def foreign(page: Page, names: Iterable[str] = ()) -> list[str]:
    """What a Chinese page says in Latin words; `names` are those of people, which stay as they are."""
    found = []
    for text in page.evaluate(_SHOWN):
        left = _KNOWN.sub("", _DATA.sub("", without(text, names)))
        if _WORD.search(left):
            found.append(f"not in Chinese: {text[:120]}")
    return found


def without(text: str, names: Iterable[str]) -> str:
    """The text without the names, the longest first."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def look(page: Page, name: str) -> None:
    """Nothing is wrong with this page."""
    found = wrong(page, name)
    assert not found, "\n".join(found)


def take(page: Page, name: str) -> None:
    """A picture of the whole page, under the name, its window's width and language."""
    size, language = page.viewport_size, page.locator("html").get_attribute("lang")
    width = size["width"] if size else 0
    file = SCREENS / f"{re.sub(r'[^A-Za-z0-9-]+', '-', name).strip('-')}-{language}-{width}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=True)
