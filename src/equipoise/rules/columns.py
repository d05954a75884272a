"""Work an expression out for many people at once, on NumPy columns.

The answers are the scalar evaluator's, cell by cell; `tests/property/test_rules.py`
compares the two. Kinds belong to whole columns here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from equipoise.rules.cells import BLANK, DTYPE, Cells, column, common_length, constant, finite
from equipoise.rules.expression import Expression
from equipoise.rules.functions import arguments_problem
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
from equipoise.rules.scalars import COMPARISONS, refuse

Columns = Mapping[str, Cells]


def evaluate_columns(
    expression: Expression, columns: Mapping[str, object]
) -> np.ma.MaskedArray[Any, Any]:
    """Work an expression out for every participant.

    Args:
        expression: what `parse` gave.
        columns: one array by dotted item name, each of shape (rows,): float64 or integers
            (NaN unknown), bool, text as str or object (None unknown), datetime64[D] for
            dates, finer datetime64 for datetimes in UTC (NaT unknown); any of them masked.
            A missing name is unknown in every row.

    Returns:
        A masked array of shape (rows,), masked where the result is unknown: float64, bool,
        object (text), datetime64[D] or datetime64[us]. Shape () where `columns` is empty.

    Raises:
        ExpressionError: kinds do not fit, or columns differ in length.
    """
    shape = common_length(list(columns.values()), expression.tree)
    held: dict[str, Cells] = {}
    for name in _first_uses(expression.tree):
        raw = columns.get(name.name)
        held[name.name] = Cells(None, 0.0, True) if raw is None else column(raw, name)
    with np.errstate(all="ignore"):
        result = _work_out(expression.tree, held)
    dtype = DTYPE[result.kind or "number"]
    values = np.empty(shape, dtype=dtype)
    values[...] = result.values
    unknown = np.broadcast_to(np.asarray(result.unknown, dtype=bool), shape).copy()
    values[unknown] = BLANK[result.kind or "number"]
    return np.ma.MaskedArray(values, mask=unknown)


def _first_uses(node: Node) -> list[Name]:
    found: dict[str, Name] = {}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Name):
            found.setdefault(current.name, current)
        waiting.extend(reversed(current.inside()))
    return list(found.values())


def _work_out(node: Node, columns: Columns) -> Cells:
    return _WORKERS[type(node)](node, columns)


def _invert(values: Any) -> Any:
    return np.logical_not(values)


def _truth(true: Any, unknown: Any) -> Cells:
    """A boolean column that holds False where it is unknown."""
    return Cells("boolean", true, unknown)


def _literal(node: Literal, _: Columns) -> Cells:
    return constant(node.value)


def _name(node: Name, columns: Columns) -> Cells:
    return columns[node.name]


def _not(node: Not, columns: Columns) -> Cells:
    cells = _work_out(node.operand, columns)
    refuse(node, operand_problem("!", "boolean", cells.kind))
    if cells.kind is None:
        return _truth(False, True)
    return _truth(_invert(cells.values | cells.unknown), cells.unknown)


def _negate(node: Negate, columns: Columns) -> Cells:
    cells = _work_out(node.operand, columns)
    refuse(node, operand_problem("-", "number", cells.kind))
    return Cells("number", -1.0 * cells.values, cells.unknown)


def _junction(node: Junction, columns: Columns) -> Cells:
    parts = [_work_out(part, columns) for part in node.parts]
    for part in parts:
        refuse(node, operand_problem(node.operator, "boolean", part.kind))
    return _any(parts) if node.operator == "||" else _all(parts)


def _any(parts: list[Cells], _: int = 0) -> Cells:
    true = reduce(np.logical_or, [part.values if part.kind else False for part in parts])
    unknown = reduce(np.logical_or, [part.unknown for part in parts])
    return _truth(true, np.logical_and(unknown, _invert(true)))


def _all(parts: list[Cells], _: int = 0) -> Cells:
    possible = [np.logical_or(part.values, part.unknown) if part.kind else True for part in parts]
    not_false = reduce(np.logical_and, possible)
    unknown = reduce(np.logical_or, [part.unknown for part in parts])
    return _truth(np.logical_and(not_false, _invert(unknown)), np.logical_and(not_false, unknown))


def _compare(node: Compare, columns: Columns) -> Cells:
    left, right = _work_out(node.left, columns), _work_out(node.right, columns)
    refuse(node, comparison_problem(node.operator, left.kind, right.kind))
    return _compared(node.operator, left, right)


def _compared(operator: str, left: Cells, right: Cells) -> Cells:
    if left.kind is None or right.kind is None:
        return _truth(False, True)
    unknown = np.logical_or(left.unknown, right.unknown)
    found = np.asarray(COMPARISONS[operator](left.values, right.values), dtype=bool)
    return _truth(np.logical_and(found, _invert(unknown)), unknown)


def _member(node: Member, columns: Columns) -> Cells:
    value = _work_out(node.value, columns)
    options = [_work_out(option, columns) for option in node.options]
    refuse(node, membership_problem([cells.kind for cells in (value, *options)]))
    return _any([_compared("==", value, option) for option in options])


def _arithmetic(node: Arithmetic, columns: Columns) -> Cells:
    parts = [_work_out(part, columns) for part in node.parts]
    for position, part in enumerate(parts):
        symbol = node.operators[max(position - 1, 0)]
        refuse(node, operand_problem(symbol, "number", part.kind))
    total: Any = np.float64(0.0) + parts[0].values
    for symbol, part in zip(node.operators, parts[1:], strict=True):
        total = _ARITHMETIC[symbol](total, part.values)
    return finite(total, reduce(np.logical_or, [part.unknown for part in parts]))


def _choose(node: Choose, columns: Columns) -> Cells:
    condition = _work_out(node.condition, columns)
    then, otherwise = _work_out(node.then, columns), _work_out(node.otherwise, columns)
    refuse(node, branch_problem([then.kind, otherwise.kind]))
    refuse(node, operand_problem("?", "boolean", condition.kind))
    kind = then.kind or otherwise.kind
    if condition.kind is None or kind is None:
        return Cells(kind, BLANK[kind or "number"], True)
    unknown = np.where(condition.values, then.unknown, otherwise.unknown)
    unknown = np.logical_or(unknown, condition.unknown)
    yes = then.values if then.kind else BLANK[kind]
    no = otherwise.values if otherwise.kind else BLANK[kind]
    picked = np.where(condition.values, _objects(yes, kind), _objects(no, kind))
    if kind == "boolean":
        picked = np.logical_and(picked, _invert(unknown))
    return Cells(kind, picked, unknown)


def _objects(values: Any, kind: str) -> Any:
    """Keep text as objects, so that NumPy does not cut it to a fixed width."""
    return np.asarray(values, dtype=object) if kind == "text" else values


def _call(node: Call, columns: Columns) -> Cells:
    parts = [_work_out(part, columns) for part in node.parts]
    refuse(node, arguments_problem(node.function, [part.kind for part in parts]))
    return _FUNCTIONS[node.function](parts, node.digits)


def _known(parts: list[Cells], _: int) -> Cells:
    return _truth(_invert(parts[0].unknown), False)


def _days(parts: list[Cells], _: int) -> Cells:
    start, end = parts
    if start.kind is None or end.kind is None:
        return Cells("number", 0.0, True)
    unknown = np.logical_or(start.unknown, end.unknown)
    first = np.asarray(start.values).astype("datetime64[D]")
    last = np.asarray(end.values).astype("datetime64[D]")
    return Cells("number", (last - first).astype(np.float64), unknown)


def _hours(parts: list[Cells], _: int) -> Cells:
    start, end = parts
    if start.kind is None or end.kind is None:
        return Cells("number", 0.0, True)
    unknown = np.logical_or(start.unknown, end.unknown)
    gone = np.asarray(end.values - start.values).astype("timedelta64[us]").astype(np.int64)
    return Cells("number", gone.astype(np.float64) / 3.6e9, unknown)


def _extreme(pick: Any) -> Callable[[list[Cells], int], Cells]:
    def run(parts: list[Cells], _: int) -> Cells:
        kinds = [part.kind for part in parts]
        kind = next((kind for kind in kinds if kind is not None), None)
        if kind is None or None in kinds:
            return Cells(kind, BLANK[kind or "number"], True)
        values = reduce(pick, [part.values for part in parts])
        return Cells(kind, values, reduce(np.logical_or, [part.unknown for part in parts]))

    return run


def _count(parts: list[Cells], _: int) -> Cells:
    total: Any = np.float64(0.0)
    for part in parts:
        total = total + (part.values if part.kind else 0.0)
    return Cells("number", total, reduce(np.logical_or, [part.unknown for part in parts]))


def _round(parts: list[Cells], digits: int) -> Cells:
    """The steps of `functions.rounded`, one by one."""
    numbers = np.asarray(parts[0].values, dtype=np.float64)
    scale = 10.0**digits
    scaled = np.abs(numbers) * scale
    pushed = np.where(scaled < 1e12, scaled * (1 + 2.0**-51), scaled)
    near = np.copysign(np.floor(pushed + 0.5) / scale, numbers)
    return Cells("number", np.where(scaled >= 2.0**52, numbers, near), parts[0].unknown)


_ARITHMETIC: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}

_FUNCTIONS: dict[str, Callable[[list[Cells], int], Cells]] = {
    "all": _all,
    "any": _any,
    "count": _count,
    "days": _days,
    "hours": _hours,
    "known": _known,
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
    "round": _round,
}

_WORKERS: dict[type[Node], Callable[[Any, Columns], Cells]] = {
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
