"""A function of text that remembers what it said of the texts that come again and again."""

from __future__ import annotations

from collections.abc import Callable

_HELD = 16384  # texts
_SHORT = 100  # characters


class KnownTexts(dict[str, str]):
    """`known[text]` is `make(text)`. Holds so many short texts at most, and no long one."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, words: str) -> str:
        made = self._make(words)
        if len(words) <= _SHORT:
            if len(self) >= _HELD:
                self.clear()
            self[words] = made
        return made
