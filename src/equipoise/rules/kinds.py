"""Kinds of values, and which of them may stand together.

A kind is `number`, `text`, `boolean`, `date` or `datetime`; None where a value is
unknown and so has none. The scalar evaluator, the column evaluator and the static check
all ask here, so that they refuse the same things in the same words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from equipoise.errors import ExpressionError
from equipoise.rules.nodes import Kind, Node, Value
from equipoise.rules.unknown import UNKNOWN, Unknown

Answer = Value | Unknown

KIND_OF: dict[type, Kind | None] = {
    float: "number",
    str: "text",
    bool: "boolean",
    date: "date",
    datetime: "datetime",
    Unknown: None,
}
ORDERED: frozenset[Kind] = frozenset({"number", "date", "datetime"})
ARTICLE: dict[Kind, str] = {
    "number": "a number",
    "text": "text",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a datetime",
}


def comparison_problem(operator: str, left: Kind | None, right: Kind | None) -> str | None:
    """Why `left operator right` has no meaning, or None where it has one."""
    if left is not None and right is not None and left != right:
        return (
            f"`{operator}` compares {ARTICLE[left]} with {ARTICLE[right]}. "
            "Compare two values of the same kind."
        )
    kind = left or right
    if operator in {"==", "!="} or kind is None or kind in ORDERED:
        return None
    return (
        f"`{operator}` cannot put {ARTICLE[kind]} in order. "
        "Use ==, != or `in`, or compare numbers or dates."
    )


def membership_problem(kinds: Sequence[Kind | None]) -> str | None:
    """Why a value and the options of its list do not belong together, or None."""
    return _mixture("`in` looks for", kinds)


def branch_problem(kinds: Sequence[Kind | None]) -> str | None:
    """Why the two branches of a conditional do not belong together, or None."""
    return _mixture("The branches of `? :` mix", kinds)


def _mixture(start: str, kinds: Sequence[Kind | None]) -> str | None:
    found = list(dict.fromkeys(kind for kind in kinds if kind is not None))
    if len(found) < 2:
        return None
    joint = "in a list with" if start.startswith("`in`") else "and"
    return (
        f"{start} {ARTICLE[found[0]]} {joint} {ARTICLE[found[1]]}. Give all of them the same kind."
    )


def operand_problem(operator: str, needed: Kind, kind: Kind | None) -> str | None:
    """Why `operator` cannot take a value of this kind, or None where it can."""
    if kind is None or kind == needed:
        return None
    hint = ""
    if kind in {"date", "datetime"} and needed == "number":
        hint = " Use days(a, b) or hours(a, b) for the time between two dates."
    return f"`{operator}` needs {ARTICLE[needed]}, not {ARTICLE[kind]}.{hint or _REMEDY[needed]}"


_REMEDY: dict[Kind, str] = {
    "number": " Use an item that holds a number.",
    "boolean": " Compare the value with something, for example with == or >=.",
    "text": "",
    "date": "",
    "datetime": "",
}


def settle(raw: object, node: Node, name: str) -> Answer:
    """Bring an answer to one of the five kinds, or to UNKNOWN.

    Numbers become float64; aware datetimes become UTC and naive ones are read as UTC.
    None, NaN, infinity, NaT and masked values are unknown.

    Raises:
        ExpressionError: the answer is of a type that no expression can use.
    """
    if raw is None or raw is UNKNOWN:
        return UNKNOWN
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float | Decimal):
        return _number(raw)
    if isinstance(raw, str):
        return str.__str__(raw)
    if isinstance(raw, datetime):
        return _moment(raw, node, name)
    if isinstance(raw, date):
        return date(raw.year, raw.month, raw.day)
    return _numpy_scalar(raw, node, name)


def _number(raw: float | Decimal) -> Answer:
    try:
        number = float(raw)
    except (OverflowError, ValueError):
        return UNKNOWN
    return number if math.isfinite(number) else UNKNOWN


def _moment(raw: datetime, node: Node, name: str) -> Answer:
    if raw != raw:  # noqa: PLR0124  pandas' "not a time" is a datetime unequal to itself
        return UNKNOWN
    if raw.tzinfo is None:
        raw = raw.replace(tzinfo=UTC)
    try:
        moved = raw.astimezone(UTC)
    except OverflowError:
        problem = f"`{name}` holds a datetime outside the years 1 to 9999. Correct the answer."
        raise ExpressionError(node.place, problem) from None
    return datetime.combine(moved.date(), moved.time(), UTC)


def _numpy_scalar(raw: object, node: Node, name: str) -> Answer:
    """Open a NumPy scalar without importing NumPy: rules that use no columns stay light."""
    kind = getattr(getattr(raw, "dtype", None), "kind", "")
    if not kind or getattr(raw, "shape", None) != ():
        found = type(raw).__name__
        problem = (
            f"`{name}` holds a {found}, which no expression can use. "
            "Give a number, text, true or false, a date or a datetime."
        )
        raise ExpressionError(node.place, problem)
    if getattr(raw, "mask", False):
        return UNKNOWN
    if kind == "M" and not str(raw.dtype).endswith("[D]"):  # type: ignore[attr-defined]
        raw = raw.astype("datetime64[us]")  # type: ignore[attr-defined]
    return settle(raw.item(), node, name)  # type: ignore[attr-defined]
