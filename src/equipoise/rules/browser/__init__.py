"""The same expressions in the browser.

`to_json` gives the tree as nested lists; `interpreter.js` works them out. It calls no
`eval` and builds no functions, so that a strict content security policy allows it.
"""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from typing import Any

from equipoise.rules.expression import Expression
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


def to_json(expression: Expression) -> list[Any]:
    """The tree as lists, strings, numbers and booleans, ready for `json.dumps`.

    Each node is a list that starts with its sort: `["number", 3.0]`, `["name", "rr"]`,
    `["compare", "<", left, right]`, `["call", "round", digits, argument]`.
    """
    return _listed(expression.tree)


def interpreter() -> str:
    """The source of the browser's interpreter."""
    return files("equipoise.rules.browser").joinpath("interpreter.js").read_text(encoding="utf-8")


def _listed(node: Node) -> list[Any]:
    inside = [_listed(part) for part in node.inside()]
    match node:
        case Literal():
            return [node.kind, _written(node.value)]
        case Name():
            return ["name", node.name]
        case Not():
            return ["not", *inside]
        case Negate():
            return ["negate", *inside]
        case Junction():
            return ["junction", node.operator, *inside]
        case Compare():
            return ["compare", node.operator, *inside]
        case Member():
            return ["member", *inside]
        case Arithmetic():
            return ["arithmetic", list(node.operators), *inside]
        case Choose():
            return ["choose", *inside]
        case Call():
            return ["call", node.function, node.digits, *inside]
    raise AssertionError(f"no list form for {type(node).__name__}")


def _written(value: object) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value
