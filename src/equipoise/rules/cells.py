"""Columns as the column evaluator holds them: one kind, values, and what is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ExpressionError
from equipoise.rules.kinds import KIND_OF, Answer, settle
from equipoise.rules.nodes import Kind, Name, Node
from equipoise.rules.unknown import UNKNOWN, Unknown

BLANK: dict[Kind, Any] = {
    "number": 0.0,
    "text": "",
    "boolean": False,
    "date": np.datetime64(0, "D"),
    "datetime": np.datetime64(0, "us"),
}
DTYPE: dict[Kind, str] = {
    "number": "float64",
    "text": "object",
    "boolean": "bool",
    "date": "datetime64[D]",
    "datetime": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of one kind, or one value for every row.

    `values` and `unknown` have shape (rows,), or () for one value. `kind` is None where
    every cell is unknown. A boolean cell that is unknown holds False, which the logic in
    `columns.py` relies on.
    """

    kind: Kind | None
    values: Any
    unknown: Any


def constant(value: Answer) -> Cells:
    """One value for every row."""
    kind = KIND_OF[type(value)]
    if kind is None or isinstance(value, Unknown):
        return Cells(None, 0.0, True)
    if isinstance(value, datetime):
        return Cells(kind, np.datetime64(value.replace(tzinfo=None), "us"), False)
    return Cells(kind, np.datetime64(value, "D") if isinstance(value, date) else value, False)


def finite(values: NDArray[np.float64] | float, unknown: Any) -> Cells:
    """Numbers, where those that are not finite are unknown."""
    return Cells("number", values, unknown | ~np.isfinite(values))


def column(raw: object, name: Name) -> Cells:
    """Bring an answer column to one kind.

    Raises:
        ExpressionError: the column mixes kinds, has more than one dimension, or is of a
            type that no expression can use.
    """
    masked = np.ma.getmaskarray(raw) if isinstance(raw, np.ma.MaskedArray) else False
    array = np.ma.getdata(raw) if isinstance(raw, np.ma.MaskedArray) else np.asarray(raw)
    if array.ndim == 0:
        return constant(settle(raw, name, name.name))
    if array.ndim > 1:
        problem = f"`{name.name}` has {array.ndim} dimensions. Give one value per participant."
        raise ExpressionError(name.place, problem)
    if array.dtype.kind == "M":
        return _times(array, masked, name)
    if array.dtype.kind in "fiu":
        return finite(array.astype(np.float64, copy=False), masked)
    if array.dtype.kind == "b":
        return Cells("boolean", array & ~masked if masked is not False else array, masked)
    if array.dtype.kind == "U":
        return Cells("text", array.astype(object), masked)
    if array.dtype.kind == "O":
        return _objects(array, masked, name)
    problem = (
        f"`{name.name}` is a column of {array.dtype}, which no expression can use. "
        "Give float64, bool, datetime64 or objects."
    )
    raise ExpressionError(name.place, problem)


def _times(array: NDArray[Any], masked: Any, name: Name) -> Cells:
    unit = np.datetime_data(array.dtype)[0]
    if unit in {"Y", "M", "W", "generic"}:
        problem = (
            f"`{name.name}` counts time in {unit}, which leaves the day open. "
            "Give datetime64[D] for dates or datetime64[us] for datetimes."
        )
        raise ExpressionError(name.place, problem)
    kind: Kind = "date" if unit == "D" else "datetime"
    values = array.astype(DTYPE[kind], copy=False)
    return Cells(kind, values, np.isnat(values) | masked)


def _objects(array: NDArray[Any], masked: Any, name: Name) -> Cells:
    listed = array.tolist()
    if masked is not False:
        listed = [None if hidden else one for one, hidden in zip(listed, masked, strict=True)]
        array = np.array([*listed, None], dtype=object)[:-1]
    types = set(map(type, listed))
    if types <= {str, type(None)}:
        if str not in types:
            return Cells(None, np.zeros(len(listed)), np.ones(len(listed), dtype=bool))
        return Cells("text", array, array == None)  # noqa: E711  element by element
    return _settled([settle(one, name, name.name) for one in listed], name)


def _settled(answers: Sequence[Answer], name: Name) -> Cells:
    kinds = {KIND_OF[type(answer)] for answer in answers} - {None}
    unknown = np.array([answer is UNKNOWN for answer in answers])
    if not kinds:
        return Cells(None, np.zeros(len(answers)), unknown)
    if len(kinds) > 1:
        found = " and ".join(sorted(str(kind) for kind in kinds))
        problem = f"`{name.name}` is a column that mixes {found}. Give one kind of answer."
        raise ExpressionError(name.place, problem)
    kind = next(kind for kind in kinds if kind is not None)
    values = np.empty(len(answers), dtype=DTYPE[kind])
    values[:] = [BLANK[kind] if one is UNKNOWN else _stored(one) for one in answers]
    return Cells(kind, values, unknown)


def _stored(answer: Answer) -> Any:
    return answer.replace(tzinfo=None) if isinstance(answer, datetime) else answer


def common_length(columns: Sequence[object], node: Node) -> tuple[int, ...]:
    """The shape that the result must have: (rows,), or () where there are no columns.

    Raises:
        ExpressionError: the columns differ in length.
    """
    lengths = {len(column) for column in columns if np.ndim(column) == 1}  # type: ignore[arg-type]
    if len(lengths) > 1:
        counted = " and ".join(str(length) for length in sorted(lengths))
        problem = f"The columns have {counted} rows. Give columns of one length."
        raise ExpressionError(node.place, problem)
    return tuple(lengths)


def opened(value: object) -> Answer:
    """One cell of a result, as the scalar evaluator would give it."""
    if value is np.ma.masked:
        return UNKNOWN
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, datetime):
        return plain.replace(tzinfo=UTC)
    return plain  # type: ignore[return-value]
