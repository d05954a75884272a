"""What would tell a blinded person the arm."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.errors import ExpressionError
from equipoise.protocol.check.expressions import ARM_WORDS
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.check.written import Written, expressions
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.forms import Form, Item
from equipoise.rules import Expression, parse
from equipoise.rules.nodes import Literal, Name, walk


def blinding_findings(subject: Subject) -> Iterator[Finding]:
    """Items, rules and forms of the blinded side that depend on the arm."""
    secret = _secret_words(subject)
    for form in subject.study.forms.values():
        if form.audience == "blinded":
            for item in form.items():
                yield from _item(subject, form, item, secret)
    for written in expressions(subject):
        if written.form is None or written.form.audience == "blinded":
            yield from _rule(subject, written, secret)
    yield from _dosing(subject)


def _secret_words(subject: Subject) -> frozenset[str]:
    protocol = subject.protocol
    return frozenset([one.id for one in protocol.arms] + [one.id for one in protocol.products])


def _is_guess(subject: Subject, form: Form, item: Item) -> bool:
    """What people believe is asked on purpose; what they had is not."""
    plan = subject.protocol.analysis
    return plan.blinding_form == form.id and (
        plan.blinding_item is None or plan.blinding_item == item.id
    )


def _item(subject: Subject, form: Form, item: Item, secret: frozenset[str]) -> Iterator[Finding]:
    if _is_guess(subject, form, item):
        return
    kind = subject.names.types.get(f"{form.id}.{item.id}")
    told = secret & (kind.codes or frozenset()) if kind else frozenset()
    if item.id in ARM_WORDS or told:
        why = f"offers {', '.join(sorted(told))}" if told else "names the arm"
        words = f"`{item.id}` {why} on a blinded form: move it to an unblinded form."
        path = subject.item_path(form, item.id, "id")
        yield subject.finding("study.arm-dependent", path, words)


def _rule(subject: Subject, written: Written, secret: frozenset[str]) -> Iterator[Finding]:
    expression = _parsed(written.text)
    for node in walk(expression.tree) if expression else ():
        words = ""
        if isinstance(node, Name):
            source = written.names.sources.get(node.name)
            form = subject.study.forms.get(source.form) if source else None
            if form and form.audience == "unblinded":
                words = f"`{node.name}` is on the unblinded form `{form.id}`"
        elif (
            isinstance(node, Literal)
            and node.value in secret
            and not _asks_guess(subject, written, expression)
        ):
            words = f"`{node.value}` names an arm or a product"
        if words:
            place = subject.places.inside(written.path, written.text, node.line, node.column)
            words += ", which nobody blinded may know: take it out of this rule."
            yield subject.at("study.arm-dependent", place, words)


def _asks_guess(subject: Subject, written: Written, expression: Expression | None) -> bool:
    item = subject.protocol.analysis.blinding_item
    names = expression.names if expression else ()
    return item is not None and any(name.rpartition(".")[2] == item for name in names)


def _parsed(text: str) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError:
        return None


def _dosing(subject: Subject) -> Iterator[Finding]:
    """Giving is recorded on the blinded side, preparing on the unblinded side."""
    dosing = subject.protocol.dosing
    forms = subject.study.forms
    if dosing is None:
        return
    preparation = forms.get(dosing.preparation_form or "")
    if preparation is not None and preparation.audience == "blinded":
        words = f"`{preparation.id}` records preparation: make its audience unblinded."
        path = (PROTOCOL_FILE, "dosing", "preparation_form")
        yield subject.finding("study.arm-dependent", path, words)
    for key in ("administration_form", "reaction_form"):
        name = getattr(dosing, key)
        if name in forms and forms[name].audience == "unblinded":
            words = f"`{name}` is filled by blinded staff: make its audience blinded."
            yield subject.finding("study.audience", (PROTOCOL_FILE, "dosing", key), words)
