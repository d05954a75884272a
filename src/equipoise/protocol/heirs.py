"""Scenarios that extend others: what one leaves out stands as it is in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXTENDS = "extends"
WHOLE = frozenset({"transitions", "starts", "shares", "p", "grades", "values", "trend"})
"""Tables that mean something only as a whole: they are replaced, never mixed."""


def merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """The parent's keys with those of the child over them, mappings key by key.

    Lists and the tables in `WHOLE` are replaced. `extends` is the child's own.

    >>> merged({"a": 1, "items": {"x": 1}}, {"items": {"y": 2}})
    {'a': 1, 'items': {'x': 1, 'y': 2}}
    """
    result = dict(parent)
    for key, value in child.items():
        old = result.get(key)
        mix = isinstance(old, Mapping) and isinstance(value, Mapping) and key not in WHOLE
        result[key] = merged(old, value) if mix else value  # type: ignore[arg-type]
    return result


def inherited(name: str, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | str:
    """The document of one scenario with all that it extends, or why that is impossible.

    Args:
        name: the scenario's id.
        documents: every scenario of the study as written, by id.

    """
    line = [name]
    while (parent := documents[line[-1]].get(EXTENDS)) is not None:
        if not isinstance(parent, str) or parent not in documents:
            known = ", ".join(documents)
            return f"There is no scenario {parent!r} to extend; the study has {known}."
        if parent in line:
            return f"Scenarios extend each other in a circle: {' -> '.join([*line, parent])}."
        line.append(parent)
    result: dict[str, Any] = {}
    for one in reversed(line):
        result = merged(result, documents[one])
    return result
