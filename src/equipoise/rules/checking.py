"""Check an expression against the items of a study, before anybody is asked anything.

Every name must be declared, kinds must fit, units must agree, and a code list must hold
the codes an expression looks for. All problems are reported, in order of appearance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from equipoise.errors import ExpressionError, Place
from equipoise.rules.expression import Expression
from equipoise.rules.functions import arguments_problem
from equipoise.rules.items import NOTHING, Inferred, ItemType, joined, units_disagree
from equipoise.rules.kinds import (
    branch_problem,
    comparison_problem,
    membership_problem,
    operand_problem,
)
from equipoise.rules.nodes import (
    Arithmetic,
    Call,
    Choose,
    Compare,
    Junction,
    Literal,
    Member,
    Name,
    Negate,
    Node,
    Not,
)
from equipoise.rules.units import ONE, Unit, parse_unit


def check(
    expression: Expression, names: Mapping[str, ItemType], where: Place | None = None
) -> tuple[ExpressionError, ...]:
    """Find everything in `expression` that does not fit the items of the study.

    Args:
        expression: what `parse` gave.
        names: the declared items by dotted name.
        where: the place of the expression in its study file; the errors are moved there.

    Returns:
        The errors in order of appearance; empty where the expression is sound.
    """
    checker = _Checker(names)
    checker.infer(expression.tree)
    errors = sorted(checker.errors, key=lambda error: (error.place.line, error.place.column))
    return tuple(errors if where is None else [moved(error, where) for error in errors])


def infer(expression: Expression, names: Mapping[str, ItemType]) -> ItemType:
    """The kind, unit and codes of the result. `unit` is None for a plain written number.

    Raises:
        ExpressionError: the first thing that `check` would report.
    """
    checker = _Checker(names)
    found = checker.infer(expression.tree)
    if checker.errors:
        raise min(checker.errors, key=lambda error: (error.place.line, error.place.column))
    if found.kind is None:
        raise ExpressionError(expression.tree.place, "The expression has no kind.")
    return ItemType(
        kind=found.kind, unit=found.unit.text if found.unit else None, codes=found.codes
    )


def moved(error: ExpressionError, where: Place) -> ExpressionError:
    """The same error at its place in the study file, where the expression starts at `where`."""
    inside = error.place
    line = where.line + max(inside.line - 1, 0) if where.line else 0
    column = where.column + inside.column - 1 if inside.line <= 1 else inside.column
    place = Place(where.file, line, max(column, 1) if line else 0)
    return ExpressionError(place, error.problem)


class _Checker:
    """Infers the type of each node from the leaves up, and collects what does not fit."""

    def __init__(self, names: Mapping[str, ItemType]) -> None:
        self.names = names
        self.errors: list[ExpressionError] = []

    def infer(self, node: Node) -> Inferred:
        return _RULES[type(node)](self, node)

    def report(self, node: Node, problem: str | None) -> bool:
        """Collect a problem; True where there was one."""
        if problem is not None:
            error = ExpressionError(node.place, problem)
            if not any((old.place, old.problem) == (node.place, problem) for old in self.errors):
                self.errors.append(error)
        return problem is not None

    def literal(self, node: Literal) -> Inferred:
        codes = frozenset({node.value}) if isinstance(node.value, str) else None
        return Inferred(kind=node.kind, codes=codes, written=True)

    def name(self, node: Name) -> Inferred:
        item = self.names.get(node.name)
        if item is None:
            self.report(node, _undeclared(node.name, self.names))
            return NOTHING
        unit = None
        if item.kind == "number":
            try:
                unit = parse_unit(item.unit) if item.unit is not None else ONE
            except ExpressionError as error:
                self.report(node, f"`{node.name}`: {error.problem}")
        return Inferred(kind=item.kind, unit=unit, codes=item.codes)

    def not_(self, node: Not) -> Inferred:
        found = self.infer(node.operand)
        self.report(node, operand_problem("!", "boolean", found.plain))
        return Inferred(kind="boolean")

    def negate(self, node: Negate) -> Inferred:
        found = self.infer(node.operand)
        self.report(node, operand_problem("-", "number", found.plain))
        return Inferred(kind="number", unit=found.unit)

    def junction(self, node: Junction) -> Inferred:
        for part in node.parts:
            found = self.infer(part)
            self.report(part, operand_problem(node.operator, "boolean", found.plain))
        return Inferred(kind="boolean")

    def compare(self, node: Compare) -> Inferred:
        left, right = self.infer(node.left), self.infer(node.right)
        if not self.report(node, comparison_problem(node.operator, left.plain, right.plain)):
            self.agree(node, f"`{node.operator}` compares", (left, right))
            self.codes(node.right, left, right)
            self.codes(node.left, right, left)
        return Inferred(kind="boolean")

    def member(self, node: Member) -> Inferred:
        value = self.infer(node.value)
        options = [self.infer(option) for option in node.options]
        kinds = [found.plain for found in (value, *options)]
        if not self.report(node, membership_problem(kinds)):
            self.agree(node, "`in` compares", (value, *options))
            for place, option in zip(node.options, options, strict=True):
                self.codes(place, value, option)
                self.codes(node.value, option, value)
        return Inferred(kind="boolean")

    def arithmetic(self, node: Arithmetic) -> Inferred:
        found = [self.infer(part) for part in node.parts]
        for position, (part, one) in enumerate(zip(node.parts, found, strict=True)):
            symbol = node.operators[max(position - 1, 0)]
            self.report(part, operand_problem(symbol, "number", one.plain))
        if node.operators[0] in "+-":
            self.agree(node, f"`{node.operators[0]}` combines", tuple(found))
            return Inferred(kind="number", unit=joined(found).unit)
        return Inferred(kind="number", unit=_scaled(node.operators, found))

    def choose(self, node: Choose) -> Inferred:
        condition = self.infer(node.condition)
        self.report(node.condition, operand_problem("?", "boolean", condition.plain))
        branches = (self.infer(node.then), self.infer(node.otherwise))
        if self.report(node, branch_problem([branch.plain for branch in branches])):
            return NOTHING
        self.agree(node, "The branches of `? :` mix", branches)
        return joined(branches)

    def call(self, node: Call) -> Inferred:
        found = [self.infer(part) for part in node.parts]
        problem = arguments_problem(node.function, [one.plain for one in found])
        self.report(node, problem)
        if node.function in {"min", "max", "round"}:
            if problem is None:
                self.agree(node, f"`{node.function}` compares", tuple(found))
            return joined(found)
        if node.function in {"days", "hours"}:
            return Inferred(kind="number", unit=parse_unit("d" if node.function == "days" else "h"))
        return Inferred(kind="number" if node.function == "count" else "boolean")

    def agree(self, node: Node, start: str, found: tuple[Inferred, ...]) -> None:
        """Report units that differ."""
        self.report(node, units_disagree(start, found))

    def codes(self, place: Node, item: Inferred, other: Inferred) -> None:
        """Report written text that the code list of `item` does not hold."""
        if item.kind != "code" or item.codes is None or not other.written or not other.codes:
            return
        for code in sorted(other.codes - item.codes):
            near = get_close_matches(code, sorted(item.codes), 1)
            listed = ", ".join(sorted(item.codes)[:12])
            hint = f"Write {near[0]!r}. " if near else ""
            self.report(
                place,
                f"{code!r} is not in the code list, so this never matches. {hint}Codes: {listed}.",
            )


def _scaled(operators: tuple[str, ...], found: list[Inferred]) -> Unit | None:
    """The unit of a product or quotient; None where only written numbers take part."""
    unit = found[0].unit
    for symbol, one in zip(operators, found[1:], strict=True):
        if one.unit is not None:
            before = unit or ONE
            unit = before.times(one.unit) if symbol == "*" else before.over(one.unit)
    return unit


def _undeclared(name: str, names: Mapping[str, ItemType]) -> str:
    near = get_close_matches(name, list(names), 1)
    remedy = f"Did you mean `{near[0]}`?" if near else "Declare it on a form, or correct the name."
    return f"There is no item `{name[:80]}`. {remedy}"


_RULES: dict[type[Node], Callable[[_Checker, Any], Inferred]] = {
    Literal: _Checker.literal,
    Name: _Checker.name,
    Not: _Checker.not_,
    Negate: _Checker.negate,
    Junction: _Checker.junction,
    Compare: _Checker.compare,
    Member: _Checker.member,
    Arithmetic: _Checker.arithmetic,
    Choose: _Checker.choose,
    Call: _Checker.call,
}
