"""The index over the words of listings, one per engine: FTS5 on SQLite, tsvector on PostgreSQL.

Both index the tokens of the column `words` as they stand, kept in step by the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_SQLITE = (
    "CREATE VIRTUAL TABLE store_listing_words USING fts5(words, content='store_listing', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER store_listing_words_new AFTER INSERT ON store_listing BEGIN "
    "INSERT INTO store_listing_words(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER store_listing_words_old AFTER DELETE ON store_listing BEGIN "
    "INSERT INTO store_listing_words(store_listing_words, rowid, words) "
    "VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER store_listing_words_change AFTER UPDATE OF words ON store_listing BEGIN "
    "INSERT INTO store_listing_words(store_listing_words, rowid, words) "
    "VALUES ('delete', old.id, old.words); "
    "INSERT INTO store_listing_words(rowid, words) VALUES (new.id, new.words); END",
)
_POSTGRESQL = (
    "ALTER TABLE store_listing ADD COLUMN found tsvector "
    "GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX listing_found ON store_listing USING gin (found)",
)
_UNDO = {
    "sqlite": (
        "DROP TRIGGER store_listing_words_new",
        "DROP TRIGGER store_listing_words_old",
        "DROP TRIGGER store_listing_words_change",
        "DROP TABLE store_listing_words",
    ),
    "postgresql": ("ALTER TABLE store_listing DROP COLUMN found",),
}


def make(vendor: str) -> Iterator[str]:
    """Statements that make the index."""
    yield from _SQLITE if vendor == "sqlite" else _POSTGRESQL


def drop(vendor: str) -> Iterator[str]:
    """Statements that take it away."""
    yield from _UNDO[vendor]


def matching(vendor: str, tokens: Sequence[str]) -> tuple[str, list[Any]]:
    """A condition over `store_listing` that all these tokens occur; tokens are plain words."""
    if vendor == "sqlite":
        asked = " AND ".join(f'"{one}"' for one in tokens)
        return (
            "id IN (SELECT rowid FROM store_listing_words WHERE store_listing_words MATCH %s)",
            [asked],
        )
    return "found @@ to_tsquery('simple', %s)", [" & ".join(tokens)]
