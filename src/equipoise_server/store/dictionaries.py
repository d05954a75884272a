"""Dictionaries for coding: the newest loaded version of a name, else the shipped list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from django.db.models import Count

from equipoise.exchange.dictionary import SHIPPED, Term, likeness, shipped, tokens
from equipoise_server.store.models import Dictionary, DictionaryTerm, DictionaryToken

LOOKED_AT = 200
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A term that may be chosen. `likeness` is 0 to 1 of a search, 1 of a look-up."""

    dictionary: str
    version: str
    code: str
    text: Mapping[str, str]
    path: str
    likeness: float = 1.0


def version_of(name: str) -> str:
    """The version of a dictionary that is in use; "" where there is no such dictionary."""
    loaded = _loaded(name)
    return loaded.version if loaded else SHIPPED.get(name, ("", ""))[1]


def term_of(name: str, code: str) -> Candidate | None:
    """A term of the version in use, by its code."""
    loaded = _loaded(name)
    if loaded is not None:
        row = DictionaryTerm.objects.filter(dictionary=loaded, code=code).order_by("pk").first()
        return _candidate(loaded, row) if row else None
    if name not in SHIPPED:
        return None
    found = next((one for one in shipped(name) if one.code == code), None)
    return _shipped(name, found, 1.0) if found else None


def suggest(name: str, text: str, *, limit: int = 12) -> tuple[Candidate, ...]:
    """The terms that are most like a text, the best first."""
    asked = tokens(text)
    loaded = _loaded(name)
    if loaded is not None:
        found = _among_loaded(loaded, asked)
    elif name in SHIPPED:
        found = _among_shipped(name, asked)
    else:
        found = []
    found.sort(key=lambda one: (-one.likeness, one.text["en"]))
    return tuple(found[:limit])


def load(dictionary: Dictionary, terms: Iterable[Term]) -> None:
    """Write the terms of a dictionary and what a search looks up. Inside a transaction."""
    left = iter(terms)
    while some := list(islice(left, _AT_ONCE)):
        rows = DictionaryTerm.objects.bulk_create(
            DictionaryTerm(
                dictionary=dictionary,
                code=one.code,
                text=one.text,
                text_zh=one.text_zh,
                path=one.path,
            )
            for one in some
        )
        DictionaryToken.objects.bulk_create(
            (
                DictionaryToken(dictionary=dictionary, token=word[:64], term=row)
                for row in rows
                for word in tokens(f"{row.text} {row.text_zh}")
            ),
            batch_size=_AT_ONCE,
        )


def _loaded(name: str) -> Dictionary | None:
    return Dictionary.objects.filter(name=name).order_by("-at", "-pk").first()


def _among_loaded(loaded: Dictionary, asked: tuple[str, ...]) -> list[Candidate]:
    if not asked:
        return []
    hits = DictionaryToken.objects.filter(dictionary=loaded, token__in=asked)
    best = hits.values_list("term").annotate(n=Count("pk")).order_by("-n", "term")[:LOOKED_AT]
    rows = DictionaryTerm.objects.in_bulk([term for term, _n in best])
    return [
        _candidate(loaded, row, _likeness(asked, row.text, row.text_zh)) for row in rows.values()
    ]


def _among_shipped(name: str, asked: tuple[str, ...]) -> list[Candidate]:
    places, terms = _index(name)
    hits = Counter(place for word in asked for place in places.get(word, ()))
    return [
        _shipped(name, terms[place], _likeness(asked, terms[place].text, terms[place].text_zh))
        for place, _n in hits.most_common(LOOKED_AT)
    ]


def _likeness(asked: tuple[str, ...], *texts: str) -> float:
    return max(likeness(asked, tokens(text)) for text in texts)


@lru_cache(maxsize=8)
def _index(name: str) -> tuple[dict[str, tuple[int, ...]], tuple[Term, ...]]:
    terms = shipped(name)
    found: dict[str, list[int]] = {}
    for place, one in enumerate(terms):
        for word in tokens(f"{one.text} {one.text_zh}"):
            found.setdefault(word, []).append(place)
    return {word: tuple(places) for word, places in found.items()}, terms


def _candidate(loaded: Dictionary, row: DictionaryTerm, alike: float = 1.0) -> Candidate:
    return Candidate(
        dictionary=loaded.name,
        version=loaded.version,
        code=row.code,
        text={"en": row.text, "zh-Hans": row.text_zh or row.text},
        path=row.path,
        likeness=alike,
    )


def _shipped(name: str, one: Term, alike: float) -> Candidate:
    return Candidate(
        dictionary=name,
        version=SHIPPED[name][1],
        code=one.code,
        text={"en": one.text, "zh-Hans": one.text_zh or one.text},
        path=one.path,
        likeness=alike,
    )
