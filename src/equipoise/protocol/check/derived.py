"""Derived values that wait for each other, or give what they should not."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.errors import ExpressionError
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.model import Derived
from equipoise.protocol.names import KINDS
from equipoise.protocol.places import Path
from equipoise.rules import parse


def derived_findings(subject: Subject) -> Iterator[Finding]:
    """Circles; neither or both of expression and rows; values of another type or code."""
    reads = {one.id: _reads(one) for one in subject.protocol.derived}
    for number, one in enumerate(subject.protocol.derived):
        path: Path = (PROTOCOL_FILE, "derived", number)
        if one.id in _reached(one.id, reads):
            words = f"`{one.id}` depends on itself: break the circle."
            yield subject.finding("study.circular", (*path, "id"), words)
        if (one.expression is None) == (not one.rows):
            words = f"`{one.id}` needs either an `expression` or `rows`: give one of the two."
            yield subject.finding("study.missing-key", path, words)
        yield from _values(subject, path, one)


def _reads(derived: Derived) -> frozenset[str]:
    texts = [row.when for row in derived.rows]
    texts += [derived.expression] if derived.expression is not None else []
    found: set[str] = set()
    for text in texts:
        try:
            found.update(parse(text).names)
        except ExpressionError:
            continue
    return frozenset(found)


def _reached(start: str, reads: dict[str, frozenset[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [*reads.get(start, ())]
    while waiting:
        name = waiting.pop()
        if name in reads and name not in reached:
            reached.add(name)
            waiting += reads[name]
    return reached


def _values(subject: Subject, path: Path, derived: Derived) -> Iterator[Finding]:
    said = [
        ((*path, "rows", number, "value"), row.value) for number, row in enumerate(derived.rows)
    ]
    if derived.otherwise is not None:
        said.append(((*path, "otherwise"), derived.otherwise))
    codes = next(
        (one.values() for one in subject.protocol.code_lists if one.id == derived.codes), None
    )
    for at, value in said:
        if _kind(value) != KINDS[derived.type].replace("code", "text"):
            words = f"`{derived.id}` is {derived.type}, but this row gives {value!r}: correct it."
            yield subject.finding("study.schema", at, words)
        elif codes is not None and value not in codes:
            words = f"`{value}` is not in code list `{derived.codes}`: correct it."
            yield subject.finding("study.unknown-name", at, words)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"
