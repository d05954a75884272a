"""Expressions that cannot be read, or that do not fit the names, kinds and units."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from equipoise.errors import ExpressionError, Place
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.check.written import Written, expressions
from equipoise.protocol.findings import Finding
from equipoise.rules import Expression, check, infer, parse
from equipoise.rules.kinds import ARTICLE
from equipoise.rules.nodes import Name, walk

ARM_WORDS = frozenset({"arm", "allocation", "allocated", "treatment_arm", "product", "kit_arm"})
UNITS_DIFFER = "in one unit."


def expression_findings(subject: Subject) -> Iterator[Finding]:
    """Syntax, unknown and ambiguous names, kinds, units and codes of every expression."""
    for written in expressions(subject):
        try:
            expression = parse(written.text)
        except ExpressionError as error:
            yield _at(subject, written, error.place, "study.expression", error.problem)
            continue
        yield from _names(subject, written, expression)
        yield from _sense(subject, written, expression)


def _names(subject: Subject, written: Written, expression: Expression) -> Iterator[Finding]:
    for node in walk(expression.tree):
        if isinstance(node, Name) and node.name not in written.names.types:
            code, message = _unknown(written, node.name)
            yield _at(subject, written, node.place, code, message)


def _unknown(written: Written, name: str) -> tuple[str, str]:
    if name in written.names.ambiguous:
        where = " or ".join(f"`{one}`" for one in written.names.ambiguous[name])
        return "study.ambiguous-name", f"Several forms collect `{name}`: write {where}."
    if name.rpartition(".")[2] in ARM_WORDS:
        words = f"`{name}` would let the rule depend on the arm: use only what is collected."
        return "study.arm-dependent", words
    suffix = [one for one in written.names.types if one.endswith(f".{name}")]
    near = suffix[:1] or get_close_matches(name, list(written.names.types), n=1)
    hint = f"did you mean `{near[0]}`?" if near else "collect it on a form, or correct the name."
    return "study.unknown-name", f"No form collects `{name}`: {hint}"


def _sense(subject: Subject, written: Written, expression: Expression) -> Iterator[Finding]:
    errors = check(expression, written.names.types)
    unknown = {
        node.place
        for node in walk(expression.tree)
        if isinstance(node, Name) and node.name not in written.names.types
    }
    for error in errors:
        if error.place not in unknown:
            differ = error.problem.endswith(UNITS_DIFFER)
            code = "study.unit-clash" if differ else "study.expression"
            yield _at(subject, written, error.place, code, error.problem)
    if not errors:
        yield from _result(subject, written, expression)


def _result(subject: Subject, written: Written, expression: Expression) -> Iterator[Finding]:
    found = infer(expression, written.names.types)
    text = {"text", "code"}
    if found.kind == written.wanted or {found.kind, written.wanted} <= text:
        return
    given = "text" if found.kind == "code" else found.kind
    wanted = "text" if written.wanted == "code" else written.wanted
    words = f"This gives {ARTICLE[given]}, but {ARTICLE[wanted]} is needed here."
    yield _at(subject, written, Place(line=1, column=1), "study.expression", words)


def _at(subject: Subject, written: Written, inside: Place, code: str, message: str) -> Finding:
    place = subject.places.inside(written.path, written.text, inside.line, inside.column)
    return Finding(code=code, severity="error", place=place, message=message)
