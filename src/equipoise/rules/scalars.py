"""Work an expression out for one person: nodes become closures, once.

Every part is always evaluated, also where the result is already decided, so that a
mixture of kinds is refused whatever the answers are. Unknown follows Kleene's strong
logic: it is absorbed only where the other side decides.
"""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast

from equipoise.errors import ExpressionError
from equipoise.rules.functions import FUNCTIONS, arguments_problem, rounded
from equipoise.rules.kinds import (
    KIND_OF,
    Answer,
    branch_problem,
    comparison_problem,
    membership_problem,
    operand_problem,
    settle,
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
from equipoise.rules.unknown import UNKNOWN, Unknown

Run = Callable[[Mapping[str, object]], Answer]

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": python.eq,
    "!=": python.ne,
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
}
_ORDERED = frozenset({float, date, datetime})


def compile_tree(node: Node) -> Run:
    """Give a function from answers to the value of `node`."""
    return _COMPILERS[type(node)](node)


def refuse(node: Node, problem: str | None) -> None:
    """Raise `problem`, where there is one, at the place of `node`."""
    if problem is not None:
        raise ExpressionError(node.place, problem)


def _literal(node: Literal) -> Run:
    value = node.value
    return lambda answers: value


def _name(node: Name) -> Run:
    name = node.name

    def run(answers: Mapping[str, object]) -> Answer:
        raw = answers.get(name)
        if type(raw) is float:
            return raw if raw - raw == 0.0 else UNKNOWN
        if type(raw) is str or type(raw) is date:
            return raw
        return settle(raw, node, name)

    return run


def _not(node: Not) -> Run:
    operand = compile_tree(node.operand)

    def run(answers: Mapping[str, object]) -> Answer:
        value = operand(answers)
        if type(value) is bool:
            return not value
        refuse(node, operand_problem("!", "boolean", KIND_OF[type(value)]))
        return UNKNOWN

    return run


def _negate(node: Negate) -> Run:
    operand = compile_tree(node.operand)

    def run(answers: Mapping[str, object]) -> Answer:
        value = operand(answers)
        if type(value) is float:
            return -value
        refuse(node, operand_problem("-", "number", KIND_OF[type(value)]))
        return UNKNOWN

    return run


def _junction(node: Junction) -> Run:
    parts = tuple(compile_tree(part) for part in node.parts)
    symbol, decisive = node.operator, node.operator == "||"

    def run(answers: Mapping[str, object]) -> Answer:
        decided = unknown = False
        for part in parts:
            value = part(answers)
            if value is decisive:
                decided = True
            elif type(value) is not bool:
                refuse(node, operand_problem(symbol, "boolean", KIND_OF[type(value)]))
                unknown = True
        if decided:
            return decisive
        return UNKNOWN if unknown else not decisive

    return run


def _compare(node: Compare) -> Run:
    left, right = compile_tree(node.left), compile_tree(node.right)
    symbol, compare = node.operator, COMPARISONS[node.operator]
    allowed = frozenset({*_ORDERED, str, bool}) if symbol in {"==", "!="} else _ORDERED

    def run(answers: Mapping[str, object]) -> Answer:
        one, two = left(answers), right(answers)
        if type(one) is type(two) and type(one) in allowed:
            return cast("bool", compare(one, two))
        refuse(node, comparison_problem(symbol, KIND_OF[type(one)], KIND_OF[type(two)]))
        return UNKNOWN

    return run


def _member(node: Member) -> Run:
    value = compile_tree(node.value)
    options = tuple(compile_tree(option) for option in node.options)

    def run(answers: Mapping[str, object]) -> Answer:
        wanted = value(answers)
        found = [option(answers) for option in options]
        kinds = {type(one) for one in found}
        if kinds != {type(wanted)}:
            every = (wanted, *found)
            refuse(node, membership_problem([KIND_OF[type(one)] for one in every]))
        if wanted is UNKNOWN:
            return UNKNOWN
        return _among(wanted, found, Unknown in kinds)

    return run


def _among(wanted: Answer, found: list[Answer], some_unknown: bool) -> Answer:
    if wanted in found:
        return True
    return UNKNOWN if some_unknown else False


def _arithmetic(node: Arithmetic) -> Run:
    parts = tuple(compile_tree(part) for part in node.parts)
    operators = node.operators

    def run(answers: Mapping[str, object]) -> Answer:
        values = [part(answers) for part in parts]
        for value in values:
            if type(value) is not float:
                return _not_all_numbers(node, values)
        return _chain(operators, cast("list[float]", values))

    return run


def _not_all_numbers(node: Arithmetic, values: list[Answer]) -> Unknown:
    for position, value in enumerate(values):
        symbol = node.operators[max(position - 1, 0)]
        refuse(node, operand_problem(symbol, "number", KIND_OF[type(value)]))
    return UNKNOWN


def _chain(operators: tuple[str, ...], values: list[float]) -> Answer:
    total = values[0]
    for symbol, value in zip(operators, values[1:], strict=True):
        if symbol == "+":
            total += value
        elif symbol == "-":
            total -= value
        elif symbol == "*":
            total *= value
        elif value == 0.0:
            return UNKNOWN
        else:
            total /= value
    return total if math.isfinite(total) else UNKNOWN


def _choose(node: Choose) -> Run:
    condition = compile_tree(node.condition)
    then, otherwise = compile_tree(node.then), compile_tree(node.otherwise)

    def run(answers: Mapping[str, object]) -> Answer:
        decision = condition(answers)
        yes, no = then(answers), otherwise(answers)
        if type(yes) is not type(no):
            refuse(node, branch_problem([KIND_OF[type(yes)], KIND_OF[type(no)]]))
        if type(decision) is bool:
            return yes if decision else no
        refuse(node, operand_problem("?", "boolean", KIND_OF[type(decision)]))
        return UNKNOWN

    return run


def _call(node: Call) -> Run:
    parts = tuple(compile_tree(part) for part in node.parts)
    function = _FUNCTIONS[node.function]
    name, digits = node.function, node.digits
    kinds = FUNCTIONS[name].kinds
    known_type = _type_of(kinds[0]) if kinds is not None and len(kinds) == 1 else None

    def run(answers: Mapping[str, object]) -> Answer:
        values = [part(answers) for part in parts]
        for value in values:
            if type(value) is not known_type:
                refuse(node, arguments_problem(name, [KIND_OF[type(one)] for one in values]))
                break
        return function(values, digits)

    return run


def _type_of(kind: str) -> type:
    return next(found for found, named in KIND_OF.items() if named == kind)


def _known(values: list[Any], _: int) -> Answer:
    return values[0] is not UNKNOWN


def _days(values: list[Any], _: int) -> Answer:
    if UNKNOWN in values:
        return UNKNOWN
    start, end = values
    whole: int = end.toordinal() - start.toordinal()
    return float(whole)


def _hours(values: list[Any], _: int) -> Answer:
    if UNKNOWN in values:
        return UNKNOWN
    start, end = values
    gone: timedelta = end - start
    return float(gone // timedelta(microseconds=1)) / 3.6e9


def _least(values: list[Any], _: int) -> Answer:
    return UNKNOWN if UNKNOWN in values else cast("Answer", min(values))


def _most(values: list[Any], _: int) -> Answer:
    return UNKNOWN if UNKNOWN in values else cast("Answer", max(values))


def _count(values: list[Any], _: int) -> Answer:
    return UNKNOWN if UNKNOWN in values else float(sum(values))


def _any(values: list[Any], _: int) -> Answer:
    if True in values:
        return True
    return UNKNOWN if UNKNOWN in values else False


def _all(values: list[Any], _: int) -> Answer:
    if False in values:
        return False
    return UNKNOWN if UNKNOWN in values else True


def _round(values: list[Any], digits: int) -> Answer:
    value = values[0]
    return UNKNOWN if value is UNKNOWN else rounded(value, digits)


_FUNCTIONS: dict[str, Callable[[list[Any], int], Answer]] = {
    "all": _all,
    "any": _any,
    "count": _count,
    "days": _days,
    "hours": _hours,
    "known": _known,
    "max": _most,
    "min": _least,
    "round": _round,
}

_COMPILERS: dict[type[Node], Callable[[Any], Run]] = {
    Literal: _literal,
    Name: _name,
    Not: _not,
    Negate: _negate,
    Junction: _junction,
    Compare: _compare,
    Member: _member,
    Arithmetic: _arithmetic,
    Choose: _choose,
    Call: _call,
}
