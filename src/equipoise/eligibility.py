"""Who may enter: every criterion judged, none skipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from equipoise.protocol.derive import missing, with_derived
from equipoise.protocol.model import Criterion, Protocol
from equipoise.protocol.remember import Remembered
from equipoise.rules import UNKNOWN, Expression, parse

Verdict = Literal["passes", "fails", "unanswered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one criterion says about one person.

    An inclusion passes when its rule is true. An exclusion passes when its rule is false:
    the person does not have what would exclude them. `missing` names the items that an
    unanswered criterion waits for.
    """

    criterion: str
    kind: Literal["inclusion", "exclusion"]
    verdict: Verdict
    missing: tuple[str, ...] = ()


def assess(protocol: Protocol, answers: Mapping[str, object]) -> tuple[Finding, ...]:
    """Judge every criterion, in protocol order, never stopping at the first failure.

    A missing answer is `unanswered`, never `passes`: absence of evidence admits nobody, and
    an exclusion nobody asked about is not thereby absent.

    Args:
        protocol: the protocol version under which the person is judged.
        answers: coerced values by bare item name or `form.item`. Derived values are
            computed here and need not be given.

    Raises:
        ExpressionError: an answer is of a type that a criterion cannot use.

    """
    known = with_derived(protocol, answers)
    return tuple(_judge(protocol, one, rule, known) for one, rule in _criteria(protocol))


def is_eligible(findings: Iterable[Finding]) -> bool:
    """Whether every criterion passes. No criterion at all admits nobody."""
    verdicts = [finding.verdict for finding in findings]
    return bool(verdicts) and all(verdict == "passes" for verdict in verdicts)


def unmet(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The criteria that do not pass, in order: failed or unanswered."""
    return tuple(finding.criterion for finding in findings if finding.verdict != "passes")


def _judge(
    protocol: Protocol, criterion: Criterion, rule: Expression, known: Mapping[str, object]
) -> Finding:
    holds = rule.run(known)
    if holds is UNKNOWN:
        waits = missing(protocol, rule, known)
        return Finding(
            criterion=criterion.id, kind=criterion.kind, verdict="unanswered", missing=waits
        )
    passes = holds is (criterion.kind == "inclusion")
    verdict: Verdict = "passes" if passes else "fails"
    return Finding(criterion=criterion.id, kind=criterion.kind, verdict=verdict)


def _parse_criteria(protocol: Protocol) -> tuple[tuple[Criterion, Expression], ...]:
    return tuple((one, parse(one.rule)) for one in protocol.eligibility)


_criteria: Remembered[Protocol, tuple[tuple[Criterion, Expression], ...]] = Remembered(
    _parse_criteria
)
