"""Rules that read what can only be known later."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.errors import ExpressionError
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.check.written import Written, expressions
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.names import Source
from equipoise.rules import Expression, parse
from equipoise.rules.nodes import Name, walk


def later_findings(subject: Subject) -> Iterator[Finding]:
    """Checks that read a later visit; criteria and strata that are known too late."""
    behind = _behind(subject)
    for written in expressions(subject):
        expression = _parsed(written.text)
        if expression is None or written.part not in {"form", "eligibility"}:
            continue
        for node in walk(expression.tree):
            if isinstance(node, Name):
                for source in _sources(written, node.name, behind):
                    if _too_late(subject, written, source):
                        yield _finding(subject, written, node, source)
    yield from _strata(subject, behind)


def _parsed(text: str) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError:
        return None


def _behind(subject: Subject) -> dict[str, tuple[Source, ...]]:
    """For each derived value, the items that it reads, through other derived values too."""
    direct: dict[str, set[str]] = {}
    for derived in subject.protocol.derived:
        texts = [row.when for row in derived.rows]
        texts += [derived.expression] if derived.expression is not None else []
        found = [_parsed(text) for text in texts]
        direct[derived.id] = {name for one in found if one for name in one.names}
    return {name: tuple(_resolve(subject, name, direct, set())) for name in direct}


def _resolve(
    subject: Subject, name: str, direct: dict[str, set[str]], above: set[str]
) -> Iterator[Source]:
    for read in sorted(direct.get(name, ())):
        source = subject.names.sources.get(read)
        if source is None:
            continue
        if source.derived is None:
            yield source
        elif source.derived not in above:
            yield from _resolve(subject, source.derived, direct, above | {name})


def _sources(
    written: Written, name: str, behind: dict[str, tuple[Source, ...]]
) -> tuple[Source, ...]:
    source = written.names.sources.get(name)
    if source is None:
        return ()
    return behind.get(source.derived, ()) if source.derived else (source,)


def _too_late(subject: Subject, written: Written, source: Source) -> bool:
    days = subject.days()
    known = days.get(source.visit or "") if source.visit else None
    if known is None:
        known_from = subject.moments[source.form].first_day
        return known_from is not None and known_from > _needed_by(subject, written, source)
    own = subject.moments[written.form.id] if written.form and written.part == "form" else None
    if own is None:
        return known > 0
    return own.first_day is not None and not own.log and known > own.first_day


def _needed_by(subject: Subject, written: Written, source: Source) -> float:
    """The last day on which the rule can still be answered: of its form, or randomisation."""
    if written.form is None:
        return 0.0
    when = subject.moments[written.form.id]
    if source.form == written.form.id or when.log or when.daily or when.dosing:
        return float("inf")
    days = subject.days()
    return float(max((days[visit] for visit in when.visits), default=float("inf")))


def _finding(subject: Subject, written: Written, node: Name, source: Source) -> Finding:
    place = subject.places.inside(written.path, written.text, node.line, node.column)
    at = f"visit `{source.visit}`" if source.visit else f"form `{source.form}`"
    by = "randomisation" if written.part == "eligibility" else "this form"
    words = f"`{node.name}` is known only later ({at}) than {by}: read something earlier."
    return subject.at("study.later-visit", place, words)


def _strata(subject: Subject, behind: dict[str, tuple[Source, ...]]) -> Iterator[Finding]:
    for number, name in enumerate(subject.protocol.randomisation.strata):
        source = subject.names.sources.get(name)
        if source is None:
            continue
        for one in behind.get(source.derived or "", (source,)):
            day = subject.moments[one.form].first_day if one.form else None
            if day is not None and day > 0:
                words = f"`{name}` is known only after randomisation (form `{one.form}`)."
                path = (PROTOCOL_FILE, "randomisation", "strata", number)
                yield subject.finding("study.later-visit", path, words)
