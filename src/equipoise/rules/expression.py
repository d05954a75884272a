"""A parsed expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from equipoise.errors import Place
from equipoise.rules.kinds import Answer
from equipoise.rules.nodes import Name, Node, walk
from equipoise.rules.scalars import compile_tree


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Expression:
    """One expression, read once and compiled once. Equal and hashed by its text.

    `names` holds the items it uses, in order of first appearance, each once.
    """

    text: str
    tree: Node
    names: tuple[str, ...]
    run: Callable[[Mapping[str, object]], Answer]

    def __init__(self, text: str, tree: Node) -> None:
        names = tuple(dict.fromkeys(node.name for node in walk(tree) if isinstance(node, Name)))
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "run", compile_tree(tree))

    def place_of(self, name: str) -> Place:
        """Where `name` first stands in the text.

        Raises:
            KeyError: the expression does not use the name.
        """
        for node in walk(self.tree):
            if isinstance(node, Name) and node.name == name:
                return node.place
        raise KeyError(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __reduce__(self) -> tuple[Callable[[str], Expression], tuple[str]]:
        return _parse_again, (self.text,)


def _parse_again(text: str) -> Expression:
    """Read a pickled expression: it travels as its text."""
    from equipoise.rules.parser import parse

    return parse(text)


def evaluate(expression: Expression, answers: Mapping[str, object]) -> Answer:
    """Work an expression out for one person.

    Args:
        expression: what `parse` gave.
        answers: value by dotted item name. A missing name, None, NaN, infinity and UNKNOWN
            are unknown. Numbers are taken as float64; a datetime without a time zone is
            read as UTC.

    Returns:
        A float, str, bool, date, aware datetime, or UNKNOWN. Numbers are always float and
        finite: a division by zero or an overflow is UNKNOWN.

    Raises:
        ExpressionError: values of different kinds meet, or an answer is of no usable type.
    """
    return expression.run(answers)
