"""The lists that come with equipoise: own words, own codes, free to use and to change."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from equipoise.exchange.dictionary.read import Term, read_terms

SHIPPED: dict[str, tuple[str, str]] = {
    "events": ("events.csv", "1"),
    "medicines": ("medicines.csv", "1"),
}
"""Name of each list to its file and version."""


@lru_cache(maxsize=8)
def shipped(name: str) -> tuple[Term, ...]:
    """The terms of a shipped list.

    Raises:
        KeyError: there is no such list.

    """
    file, _version = SHIPPED[name]
    return read_terms(files(__package__).joinpath("terms", file).read_bytes(), "csv")
