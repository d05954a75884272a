"""XML, written as it comes: elements open, close, and carry escaped text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

from equipoise.exchange.bundle import Sheet
from equipoise.exchange.known_texts import KnownTexts

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}

Attribute = str | int | None


class Writer:
    """Writes elements to a sheet. An attribute that is None is left out."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        sheet.write('<?xml version="1.0" encoding="UTF-8"?>\n')

    @contextmanager
    def element(self, name: str, **attributes: Attribute) -> Iterator[None]:
        """An element with what is written inside the block."""
        self.start(name, **attributes)
        yield
        self.end(name)

    def start(self, name: str, **attributes: Attribute) -> None:
        """Open an element."""
        self._sheet.write(f"<{name}{attribute_text(attributes)}>\n")

    def end(self, name: str) -> None:
        """Close an element."""
        self._sheet.write(f"</{name}>\n")

    def empty(self, name: str, **attributes: Attribute) -> None:
        """An element without content."""
        self._sheet.write(f"<{name}{attribute_text(attributes)}/>\n")

    def leaf(self, name: str, text: str, **attributes: Attribute) -> None:
        """An element that holds text alone."""
        self._sheet.write(f"<{name}{attribute_text(attributes)}>{content(text)}</{name}>\n")

    def raw(self, markup: str) -> None:
        """Markup that is escaped already."""
        self._sheet.write(markup)


def content(text: str) -> str:
    """Text as it stands between tags. What XML cannot carry becomes U+FFFD."""
    return escape(_FORBIDDEN.sub(_REPLACEMENT, text), {"\r": "&#13;"})


_ATTRIBUTES = KnownTexts(lambda text: quoteattr(_FORBIDDEN.sub(_REPLACEMENT, text), _WHITE))


def quoted(text: str) -> str:
    """Text as an attribute, with its quotes; line breaks and tabs survive reading."""
    return _ATTRIBUTES[text]


def attribute_text(attributes: dict[str, Attribute]) -> str:
    """Attributes as they stand in a start tag. `xml_lang` is written `xml:lang`."""
    return "".join(
        f" {name.replace('xml_', 'xml:')}={quoted(str(value))}"
        for name, value in attributes.items()
        if value is not None
    )
