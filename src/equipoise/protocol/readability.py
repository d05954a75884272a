"""How hard a public text is to read, measured.

English: the Flesch-Kincaid grade, 0.39 words per sentence + 11.8 syllables per word - 15.59
(Kincaid et al. 1975, Research Branch Report 8-75). Syllables are the larger of two counts: the
hyphenation patterns of pyphen, which miss syllables of one letter, and groups of vowels. Chinese has no such formula; measured are the characters per sentence and the share of
characters outside level 1 of GB 2312, the 3,755 in everyday use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST_GRADE = 8.0
MOST_CHARACTERS = 28.0  # per sentence, on average
LONGEST = 70  # characters of one sentence
MOST_RARE = 0.02
_ENGLISH_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CHINESE_END = re.compile(r"[。！？；\n]+")
_ENGLISH_END = re.compile(r"(?<=[.!?])\s+|\n+")
_MARK = re.compile(r"\s*(?:[-*+]|\d+\.|#+)\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was measured. `grade` is for English alone; `rare` and `longest` for Chinese."""

    language: str
    sentences: int
    words: int
    per_sentence: float
    grade: float = 0.0
    rare: float = 0.0
    longest: int = 0

    @property
    def plain(self) -> bool:
        """Whether the text is easy enough for everybody."""
        if self.language.startswith("zh"):
            return (
                self.per_sentence <= MOST_CHARACTERS
                and self.longest <= LONGEST
                and self.rare <= MOST_RARE
            )
        return self.grade <= MOST_GRADE


def prose_of(markdown: str) -> str:
    """The running text: tables, quoted remarks, headings' marks, links and emphasis left out."""
    told = ""
    for line in markdown.splitlines():
        if line.lstrip().startswith(("|", ">", "<!--")) or not line.strip():
            told += "\n"
            continue
        mark = _MARK.match(line)
        told += "\n" + line[mark.end() :] if mark else " " + line
        told += "\n" if line.startswith("#") else ""
    return re.sub(r"[*_`]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", told))


def measure(markdown: str, language: str) -> Reading:
    """How hard a text is. Languages other than Chinese are measured as English is."""
    text = prose_of(markdown)
    return _chinese(text, language) if language.startswith("zh") else _english(text, language)


def _english(text: str, language: str) -> Reading:
    sentences = [_ENGLISH_WORD.findall(one) for one in _ENGLISH_END.split(text)]
    sentences = [one for one in sentences if one]
    words = [word for one in sentences for word in one]
    if not words:
        return Reading(language=language, sentences=0, words=0, per_sentence=0.0)
    each = len(words) / len(sentences)
    syllables = sum(_syllables(word) for word in words) / len(words)
    return Reading(
        language=language,
        sentences=len(sentences),
        words=len(words),
        per_sentence=round(each, 1),
        grade=round(0.39 * each + 11.8 * syllables - 15.59, 1),
    )


def _syllables(word: str) -> int:
    lower = word.lower()
    spoken = lower[:-1] if lower.endswith("e") and not lower.endswith("le") else lower
    vowels = max(1, len(re.findall(r"[aeiouy]+", spoken)))
    hyphens = _hyphenation()
    return vowels if hyphens is None else max(vowels, len(hyphens.positions(lower)) + 1)


@lru_cache(maxsize=1)
def _hyphenation() -> Any:
    """Pyphen's patterns, or None where it is not installed; then vowels are counted."""
    try:
        import pyphen
    except ImportError:
        return None
    return pyphen.Pyphen(lang="en_US")


def _chinese(text: str, language: str) -> Reading:
    lengths = [len(_HAN.findall(one)) for one in _CHINESE_END.split(text)]
    lengths = [one for one in lengths if one]
    characters = _HAN.findall(text)
    if not characters:
        return Reading(language=language, sentences=0, words=0, per_sentence=0.0)
    rare = sum(1 for one in characters if not _everyday(one))
    return Reading(
        language=language,
        sentences=len(lengths),
        words=len(characters),
        per_sentence=round(len(characters) / len(lengths), 1),
        rare=round(rare / len(characters), 4),
        longest=max(lengths),
    )


def _everyday(character: str) -> bool:
    try:
        return 0xB0 <= character.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False
