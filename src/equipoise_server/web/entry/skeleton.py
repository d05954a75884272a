"""A page fragment that is rendered once and then only filled in.

A template is rendered with marks where answers go. Filling the marks costs microseconds;
rendering forty fields through the template engine for every request would cost milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters: no study text has them
_SLOT = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Literal text and names of slots in turn."""

    parts: tuple[str, ...]

    def fill(self, slots: Mapping[str, str]) -> SafeString:
        """The fragment; `slots` are already escaped, one that is missing stays empty."""
        parts = list(self.parts)
        for place in range(1, len(parts), 2):
            parts[place] = slots.get(parts[place], "")
        return mark_safe("".join(parts))  # noqa: S308 - literals are rendered, slots escaped


def slot(name: str) -> SafeString:
    """The mark that a template puts where `name` goes."""
    return mark_safe(f"{_OPEN}{name}{_CLOSE}")  # noqa: S308 - a mark without text


def skeleton(rendered: str) -> Skeleton:
    """The fragment that a template rendered with marks."""
    return Skeleton(tuple(_SLOT.split(rendered)))
