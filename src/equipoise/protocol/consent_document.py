"""A consent document as it is read and signed: sections, words explained, questions, statements.

Markdown carries the meaning by its shape alone, so that every language reads the same way:

- `## 1. ...` (a numbered heading) is a section;
- a heading over a list of `- **word**: meaning` is the glossary;
- a heading over a numbered list whose entries have `- [x]` and `- [ ]` options holds the
  questions for understanding; a line `> ...` below the options explains the right answer;
- a heading over `- [ ]` lines holds the statements that are signed. One that ends in `{#name}`
  is a wish: it may be left open, and the server knows it by that name in every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from equipoise.digest import sha256
from equipoise.protocol.model import ConsentText, Study

_SECTION = re.compile(r"\d+\.\s*")
_TERM = re.compile(r"- \*\*(.+?)\*\*\s*[:：]\s*(.+)")
_QUESTION = re.compile(r"\d+\.\s+(.+)")
_OPTION = re.compile(r"\s+- \[([ xX])\]\s+(.+)")
_BECAUSE = re.compile(r"\s+>\s*(.+)")
_STATEMENT = re.compile(r"- \[ \]\s+(.+?)(?:\s*\{#([a-z][a-z0-9-]*)\})?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One numbered part. `markdown` is without the heading."""

    title: str
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word that is explained."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question for understanding: the options, the positions of the right ones, and why."""

    text: str
    options: tuple[str, ...]
    right: tuple[int, ...]
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is agreed to by signing. With a `wish` it may be left open."""

    text: str
    wish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDocument:
    """One version in one language, ready to be read. `digest` is the SHA-256 of its Markdown."""

    id: str
    version: str
    language: str
    digest: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    glossary: tuple[Term, ...]
    questions: tuple[Question, ...]
    statements: tuple[Statement, ...]

    @property
    def wishes(self) -> tuple[str, ...]:
        """The names of what may be left open."""
        return tuple(one.wish for one in self.statements if one.wish)


def read_document(text: ConsentText) -> ConsentDocument:
    """Read the Markdown of a consent document. What has no known shape is a section."""
    title, lead, parts = _parts(text.markdown)
    sections: list[Section] = []
    terms: list[Term] = []
    questions: list[Question] = []
    statements: list[Statement] = []
    for heading, lines in parts:
        if _SECTION.match(heading):
            sections.append(Section(title=heading, markdown="\n".join(lines).strip()))
        elif any(_TERM.fullmatch(line) for line in lines):
            terms += _terms(lines)
        elif any(_OPTION.fullmatch(line) for line in lines):
            questions += _questions(lines)
        elif any(_STATEMENT.fullmatch(line) for line in lines):
            statements += _statements(lines)
        else:
            sections.append(Section(title=heading, markdown="\n".join(lines).strip()))
    return ConsentDocument(
        id=text.id,
        version=text.version,
        language=text.language,
        digest=text_digest(text),
        title=title,
        lead=lead,
        sections=tuple(sections),
        glossary=tuple(terms),
        questions=tuple(questions),
        statements=tuple(statements),
    )


def text_digest(text: ConsentText) -> str:
    """SHA-256, in hex, of the words that are signed."""
    return sha256(text.markdown.encode())


def newest(study: Study, language: str) -> ConsentText | None:
    """The document of a study in a language, else in its first language that has one."""
    for wanted in (language, *study.protocol.languages):
        found = [one for one in study.consents if one.language == wanted]
        if found:
            return found[0]
    return None


def _parts(markdown: str) -> tuple[str, str, list[tuple[str, list[str]]]]:
    title, lead = "", []
    parts: list[tuple[str, list[str]]] = []
    for line in markdown.splitlines():
        if line.startswith("## "):
            parts.append((line[3:].strip(), []))
        elif line.startswith("# ") and not title:
            title = line[2:].strip()
        elif parts:
            parts[-1][1].append(line)
        else:
            lead.append(line)
    return title, "\n".join(lead).strip(), parts


def _terms(lines: list[str]) -> Iterator[Term]:
    for line in lines:
        found = _TERM.fullmatch(line)
        if found:
            yield Term(word=found[1].strip(), meaning=found[2].strip())


def _statements(lines: list[str]) -> Iterator[Statement]:
    for line in lines:
        found = _STATEMENT.fullmatch(line)
        if found:
            yield Statement(text=found[1].strip(), wish=found[2] or "")


def _questions(lines: list[str]) -> Iterator[Question]:
    asked = ""
    options: list[tuple[str, bool]] = []
    because: list[str] = []
    for line in (*lines, "0. end"):
        question, option = _QUESTION.fullmatch(line), _OPTION.fullmatch(line)
        reason = _BECAUSE.fullmatch(line)
        if option and asked:
            options.append((option[2].strip(), option[1] != " "))
        elif reason and asked:
            because.append(reason[1].strip())
        elif question:
            if asked:
                yield _question(asked, options, because)
            asked, options, because = question[1].strip(), [], []


def _question(text: str, options: list[tuple[str, bool]], because: list[str]) -> Question:
    return Question(
        text=text,
        options=tuple(said for said, _right in options),
        right=tuple(number for number, (_said, right) in enumerate(options) if right),
        because=" ".join(because),
    )
