"""Searching half a million listed studies on PostgreSQL: milliseconds at the 95th percentile."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

from tests.benchmark.measuring import Row, load
from tests.benchmark.served import AT, served

NAME = "listing-search"
LISTINGS = 500_000
SEARCHES = 400
WORDS = 40  # of each study, before its facets
VOCABULARY = 30_000
_COLUMNS = (
    "study", "own", "posted", "status", "weight", "title", "summary", "sponsor", "sex",
    "minimum_age", "maximum_age", "topics", "places", "words", "document", "posted_at",
)  # fmt: skip


def rows() -> list[Row]:
    """The time of one search with its filters, its first page and its count."""
    served()
    from django.db import connection

    from equipoise_server.store.queries.listings import search

    _fill(connection)
    asked = list(_questions(random.Random(11)))
    for one in asked[:40]:
        search(one)
    times = []
    for one in asked:
        began = time.perf_counter()
        search(one)
        times.append(time.perf_counter() - began)
    times.sort()
    now = load()
    return [
        _row("p50", times[len(times) // 2], now),
        _row("p95", times[int(len(times) * 0.95)], now),
        _row("slowest", times[-1], now),
    ]


def _row(metric: str, seconds: float, now: float) -> Row:
    value = round(1000 * seconds, 1)
    return Row(workload=NAME, metric=metric, value=value, unit="ms", load_average=now)


def _fill(connection: object) -> None:
    """Synthetic studies: words as rare and as common as words are, and every filter."""
    marks = ", ".join(_COLUMNS)
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("DROP INDEX IF EXISTS listing_found")
        raw = cursor.cursor if hasattr(cursor, "cursor") else cursor
        with raw.copy(f"COPY store_listing ({marks}) FROM STDIN") as copy:
            for row in _studies(random.Random(7)):
                copy.write_row(row)
        cursor.execute("CREATE INDEX listing_found ON store_listing USING gin (found)")
        cursor.execute("ANALYZE store_listing")


def _word(rank: int) -> str:
    """The word of a rank; one in five is a Chinese token."""
    return f"u4e{rank % 256:02x}u5{rank:03x}" if rank % 5 == 0 else f"w{rank}"


def _rank(dice: random.Random) -> int:
    return min(VOCABULARY, int(dice.paretovariate(0.6)))


def _studies(dice: random.Random) -> Iterator[tuple[object, ...]]:
    from equipoise.exchange.listing import KNOWN
    from equipoise.exchange.search_words import facet
    from equipoise.exchange.topics import topics, with_parents

    known = list(topics())
    for number in range(LISTINGS):
        status, sex = dice.choice(KNOWN), dice.choice(("all", "all", "all", "f", "m"))
        chosen = with_parents([dice.choice(known)])
        place = f"town{min(5000, int(dice.paretovariate(0.5)))}"
        words = dict.fromkeys(_word(_rank(dice)) for _ in range(WORDS))
        words |= dict.fromkeys(facet("t", one) for one in chosen)
        words |= {facet("s", status): None, facet("p", place): None, facet("p", "China"): None}
        words |= dict.fromkeys(facet("x", one) for one in (("f", "m") if sex == "all" else sex))
        weight = (3 if status == "recruiting" else 0) * 100_000_000 + dice.randrange(
            20_050_101, 20_261_231
        )
        title = json.dumps({"en": " ".join(list(words)[:8])})
        low = dice.choice((None, 18.0, 18.0, 40.0))
        high = dice.choice((None, 65.0, 75.0))
        yield (
            f"SYN{number:08d}", False, True, status, weight, title, title, "A sponsor", sex, low,
            high, json.dumps(list(chosen)), json.dumps([place]), " ".join(words), "", AT,
        )  # fmt: skip


def _questions(dice: random.Random) -> Iterator[object]:
    """What readers ask: one to three words, common and rare, with and without filters."""
    from equipoise.exchange.topics import topics
    from equipoise_server.store.queries.listings import Wanted

    known = list(topics())
    for number in range(SEARCHES):
        yield Wanted(
            text=" ".join(_asked(_rank(dice)) for _ in range(number % 4)),
            topic=dice.choice(known) if number % 3 == 0 else "",
            status="recruiting" if number % 2 else "",
            place=f"town{dice.randrange(1, 60)}" if number % 5 == 0 else "",
            sex=dice.choice(("", "f", "m")),
            age=float(dice.randrange(18, 90)) if number % 3 == 1 else None,
        )


def _asked(rank: int) -> str:
    """The word as a reader writes it."""
    word = _word(rank)
    if not word.startswith("u4e"):
        return word
    return "".join(chr(int(one, 16)) for one in word[1:].split("u"))
