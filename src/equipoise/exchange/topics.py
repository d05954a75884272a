"""The tree of conditions: categories by which studies are found and alerts are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from equipoise.exchange.search_words import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One category. `parent` is "" at the top; `names` are its synonyms in every language."""

    id: str
    parent: str
    title: Mapping[str, str]
    names: tuple[str, ...]

    def say(self, language: str) -> str:
        """Its title."""
        return self.title.get(language) or self.title["en"]


@lru_cache(maxsize=1)
def topics() -> dict[str, Topic]:
    """Every category, parents before children."""
    text = files("equipoise.exchange").joinpath("topics.json").read_text("utf-8")
    return {
        one["id"]: Topic(
            id=one["id"],
            parent=one.get("parent", ""),
            title={"en": one["en"], "zh-Hans": one["zh"]},
            names=(one["en"], one["zh"], *one.get("names", ())),
        )
        for one in json.loads(text)
    }


def with_parents(chosen: Iterable[str]) -> tuple[str, ...]:
    """These categories and all above them, without unknown ones."""
    known, found = topics(), dict[str, None]()
    for one in chosen:
        while one in known and one not in found:
            found[one] = None
            one = known[one].parent
    return tuple(found)


def topics_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The categories that these conditions and keywords name, with those above."""
    said = [set(tokens(text)) for text in texts if text]
    hit = [one.id for one in topics().values() if any(_names(one, words) for words in said)]
    return with_parents(hit)


def _names(topic: Topic, words: set[str]) -> bool:
    return any(need and need <= words for need in _needs(topic.id))


@lru_cache(maxsize=1024)
def _needs(topic: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(tokens(name)) for name in topics()[topic].names)
