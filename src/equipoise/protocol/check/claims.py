"""Words on public pages that promise what a trial cannot promise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from equipoise.errors import Place
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.frozen import Text

PROMISES = re.compile(
    r"\b(?:cures?|cured|miracle|miraculous|breakthrough|proven|guarantee[ds]?|risk[- ]free|"
    r"fda[- ]approved|nmpa[- ]approved|revolutionary|no side effects|completely safe)\b"
    r"|100\s?%|治愈|神奇|奇迹|根治|保证|疗效确切|无副作用|绝对安全|百分之百",
    re.IGNORECASE,
)
DENIALS = re.compile(
    r"\b(?:no|not|never|nobody|cannot|without|whether|un)\b[^.!?]{0,40}$|(?:不|未|没有|无法|尚未|是否)[^。！？]{0,12}$",
    re.IGNORECASE,
)

APPROVED = re.compile(r"<!--\s*approved:\s*[^\s>][^>]*-->")
"""The mark that an ethics committee approved a sentence: `<!-- approved: REFERENCE -->`."""


def claim_findings(subject: Subject) -> Iterator[Finding]:
    """Promotional words on public pages, in consent documents and in public criteria."""
    for page in subject.study.pages:
        yield from _markdown(subject, f"pages/{page.id}.{page.language}.md", page.markdown)
    for consent in subject.study.consents:
        file = f"consent/{consent.id}.{consent.language}.md"
        yield from _markdown(subject, file, consent.markdown)
    for number, criterion in enumerate(subject.protocol.eligibility):
        if criterion.plain:
            yield from _text(subject, number, criterion.plain)


def promises(text: str) -> Iterator[re.Match[str]]:
    """Promotional words that the same sentence does not deny."""
    for match in PROMISES.finditer(text):
        if not DENIALS.search(text[: match.start()]):
            yield match


def unapproved(paragraph: str) -> bool:
    """Whether a paragraph promises something and carries no mark of approval."""
    return not APPROVED.search(paragraph) and next(promises(paragraph), None) is not None


def _around(text: str, position: int) -> str:
    start = text.rfind("\n\n", 0, position) + 1
    end = text.find("\n\n", position)
    return text[start : end if end >= 0 else len(text)]


def _markdown(subject: Subject, file: str, text: str) -> Iterator[Finding]:
    offset = subject.places.first_line(file) - 1
    for match in promises(text):
        if APPROVED.search(_around(text, match.start())):
            continue
        line = text.count("\n", 0, match.start()) + 1 + offset
        column = match.start() - text.rfind("\n", 0, match.start())
        yield subject.at(
            "study.promotional-claim", Place(file, line, column), _words(match[0]), "warning"
        )


def _text(subject: Subject, number: int, text: Text) -> Iterator[Finding]:
    for language, words in text.items():
        for match in promises(words):
            path = ("protocol.yaml", "eligibility", number, "plain", language)
            yield subject.finding(
                "study.promotional-claim", path, _words(match[0]), severity="warning"
            )


def _words(claim: str) -> str:
    return f"`{claim}` promises what a trial cannot know: say what is studied instead."
