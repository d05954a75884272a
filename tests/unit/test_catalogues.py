"""The Chinese catalogues: complete, compiled as they are written, and of one mind."""

from __future__ import annotations

import ast
import gettext
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "src" / "equipoise_server"
CATALOGUES = sorted(SERVER.glob("**/locale/zh_Hans/LC_MESSAGES/django.po"))
BY_PROCESS = {
    "blinded": [one for one in CATALOGUES if "unblinded" not in one.parts],
    "unblinded": [one for one in CATALOGUES if {"unblinded", "shared"} & set(one.parts)],
}
PLACE = re.compile(r"%\(\w+\)[sdif]|%[sdif]|\{\w*\}")
LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)? ?(".*")$')
Key = tuple[str, str]
"""Context and text."""


@cache
def written(path: Path) -> dict[Key, tuple[tuple[str, ...], tuple[str, ...]]]:
    """By context and text: the text in singular and plural, and its translations."""
    found = {}
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            match = LINE.match(line)
            if match:
                name = match[1] or name
                parts[name] = parts.get(name, "") + ast.literal_eval(match[2])
        said = tuple(text for name, text in parts.items() if name.startswith("msgstr"))
        asked = tuple(parts[name] for name in ("msgid", "msgid_plural") if name in parts)
        if asked and asked[0]:
            found[parts.get("msgctxt", ""), asked[0]] = (asked, said)
    return found


def compiled(path: Path) -> dict[Key, tuple[str, ...]]:
    """The same from the file that is read when pages are shown."""
    with path.with_suffix(".mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    found: dict[Key, tuple[str, ...]] = defaultdict(tuple)
    for key in sorted(catalogue, key=str):
        text = key[0] if isinstance(key, tuple) else key
        context, _, plain = text.rpartition("\x04")
        if plain:
            found[context, plain] += (catalogue[key],)
    return dict(found)


def named(path: Path) -> str:
    return path.parents[3].name


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_every_text_has_a_translation_that_nobody_doubts(path: Path) -> None:
    assert written(path)
    assert "#, fuzzy" not in path.read_text(encoding="utf-8")
    assert not [key for key, (_, said) in written(path).items() if not said or not all(said)]


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_what_is_shown_is_what_is_written(path: Path) -> None:
    assert compiled(path) == {key: said for key, (_, said) in written(path).items()}


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_a_translation_fills_in_the_same_values(path: Path) -> None:
    for key, (asked, said) in written(path).items():
        wanted = {place for text in asked for place in PLACE.findall(text)}
        for text in said:
            assert set(PLACE.findall(text)) == wanted, key


@pytest.mark.parametrize("process", BY_PROCESS)
def test_one_text_has_one_translation_in_a_process(process: str) -> None:
    """Django shows that of the first catalogue, so that any other is never seen."""
    found: dict[Key, set[tuple[str, ...]]] = defaultdict(set)
    for path in BY_PROCESS[process]:
        for key, (_, said) in written(path).items():
            found[key].add(said)
    assert {text for (_, text), said in found.items() if len(said) > 1} == set()
