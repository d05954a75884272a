"""What the report says, in the language it is asked for.

The analysis speaks English. Beside it lies a table for each other language, from our sentences
and words to theirs; what is data is in no table, and stands as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from equipoise.errors.said import in_words


@cache
def table_of(language: str) -> Mapping[str, str]:
    """Our English to the words of another language; nothing for English itself."""
    file = files("equipoise.analysis") / f"words.{language}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def words_in(language: str, text: str) -> str:
    """A sentence or a word of ours in that language."""
    table = table_of(language)
    return str(in_words(text, lambda one: table.get(one, one))) if table else text
