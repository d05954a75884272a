"""One pass over a form: read the raw answers, skip, compute, and judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.forms.answers import OwnAnswers
from equipoise.forms.compiled import CompiledForm, CompiledItem, compiled
from equipoise.forms.findings import FormFinding, Prepared
from equipoise.forms.messages import Problem, sentence
from equipoise.forms.record import Value
from equipoise.protocol.forms import Form, Severity
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Protocol
from equipoise.rules import UNKNOWN

_NOTHING: Mapping[str, object] = {}
_EMPTY: tuple[object, ...] = (None, "", [], ())


def prepare(
    protocol: Protocol,
    form: Form,
    raw: Mapping[str, object],
    context: Mapping[str, object] | None = None,
) -> Prepared:
    """Typed values and findings from raw answers.

    Each raw answer is read as its item's type; None, "" and an empty list are no answer.
    Items that skip logic does not ask are dropped, computed items are worked out, ranges and
    edit checks are judged. A check that is unknown says nothing. Never raises for an answer.

    Args:
        protocol: gives code lists and derived values.
        form: the definition under which the answers are saved.
        raw: item name to what a browser, a file or a program sent: text, numbers, booleans,
            lists of codes, dates, aware datetimes.
        context: values of other forms by `form.item` and `visit.form.item`, as
            `context_of` gives them.

    Raises:
        ProtocolError: the form itself is wrong (an expression, a code list).

    """
    plan = compiled(protocol, form)
    typed, unread = _read(plan, raw)
    answers = OwnAnswers(protocol, plan, typed, _NOTHING if context is None else context)
    values: dict[str, Value] = {}
    findings: list[FormFinding] = []
    for item in plan.items:
        value = answers.value(item)
        if value is not UNKNOWN:
            values[item.id] = value  # type: ignore[assignment]
            if item.numeric:
                findings.extend(_range(form, item, value))
            if item.derive is None:
                continue
        findings.extend(_about(form, item, answers, raw, unread, value))
    findings.extend(_unknown_items(plan, raw))
    findings.extend(_checks(plan, answers))
    return Prepared(values=values, findings=tuple(findings))


def _read(
    plan: CompiledForm, raw: Mapping[str, object]
) -> tuple[dict[str, Value], dict[str, Problem]]:
    typed: dict[str, Value] = {}
    unread: dict[str, Problem] = {}
    for item in plan.items:
        answer = raw.get(item.id)
        if answer in _EMPTY or item.derive is not None:
            continue
        value = item.read(answer)
        if isinstance(value, Problem):
            unread[item.id] = value
        elif value is not None:
            typed[item.id] = value
    return typed, unread


def _about(
    form: Form,
    item: CompiledItem,
    answers: OwnAnswers,
    raw: Mapping[str, object],
    unread: Mapping[str, Problem],
    value: object,
) -> Iterator[FormFinding]:
    """What is to be said about an item that holds no value, or that is computed."""
    sent = raw.get(item.id) not in _EMPTY
    if item.shown_if and not answers.asked(item):
        if sent:
            yield _finding(form, item.id, "not-asked", "soft", sentence("not-asked"))
        return
    if item.derive is not None:
        if item.id in answers.unfit:
            text = sentence("computed-does-not-fit", str(answers.unfit[item.id]))
            yield _finding(form, item.id, "computed-does-not-fit", "soft", text)
        if sent and _differs(item, raw[item.id], value):
            yield _finding(form, item.id, "computed", "soft", sentence("computed"))
        return
    trouble = unread.get(item.id)
    if trouble is not None:
        yield _finding(form, item.id, trouble.code, "hard", trouble.message)
    elif item.item.required:
        yield _finding(form, item.id, "required", "soft", sentence("required"))


def _differs(item: CompiledItem, sent: object, value: object) -> bool:
    """A form that sends a computed value back unchanged is no news."""
    return item.read(sent) != (None if value is UNKNOWN else value)


def _range(form: Form, item: CompiledItem, value: Any) -> Iterator[FormFinding]:
    bounds = item.item
    if _outside(value, bounds.low, bounds.high):
        text = sentence("out-of-range", value, _span(bounds.low, bounds.high, bounds.unit))
        yield _finding(form, item.id, "out-of-range", "hard", text)
    elif _outside(value, bounds.expect_low, bounds.expect_high):
        text = sentence("unusual", value, _span(bounds.expect_low, bounds.expect_high, bounds.unit))
        yield _finding(form, item.id, "unusual", "soft", text)


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _span(low: float | None, high: float | None, unit: str | None) -> str:
    ends = f"{_plain(low)} - {_plain(high)}" if low is not None and high is not None else ""
    if not ends:
        ends = f">= {_plain(low)}" if low is not None else f"<= {_plain(high)}"
    return f"{ends} {unit}" if unit and unit != "1" else ends


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.10g}"


def _unknown_items(plan: CompiledForm, raw: Mapping[str, object]) -> Iterator[FormFinding]:
    if raw.keys() <= plan.named.keys() and not any("." in name for name in raw):
        return
    for name in raw:
        if name not in plan.named or "." in name:
            text = sentence("unknown-item", str(name))
            yield _finding(plan.form, None, "unknown-item", "hard", text)


def _checks(plan: CompiledForm, answers: OwnAnswers) -> Iterator[FormFinding]:
    for one in plan.checks:
        if one.rule.run(answers.known) is False:
            check = one.check
            yield _finding(plan.form, one.item, check.id, check.severity, check.message)


def _finding(
    form: Form, item: str | None, code: str, severity: Severity, message: Text
) -> FormFinding:
    return FormFinding(form=form.id, item=item, code=code, severity=severity, message=message)
