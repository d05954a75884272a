"""What an expression is made of: a small immutable tree.

Two nodes are equal when they mean the same; their positions do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal as Choice

from equipoise.errors import Place

Kind = Choice["number", "text", "boolean", "date", "datetime"]
Value = float | str | bool | date | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression. `line` and `column` are 1-based, inside the expression."""

    line: int = field(compare=False, repr=False)
    column: int = field(compare=False, repr=False)

    @property
    def place(self) -> Place:
        """Where the node stands inside the expression text."""
        return Place(line=self.line, column=self.column)

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one, in order of appearance."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A value written in the expression: a number, text, true, false, a date or a datetime."""

    kind: Kind
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """An item, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    """Logical negation."""

    operand: Node

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return (self.operand,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Negate(Node):
    """Minus one number."""

    operand: Node

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return (self.operand,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction(Node):
    """Two or more truth values joined by one operator, `&&` or `||`."""

    operator: str
    parts: tuple[Node, ...]

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return self.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Node):
    """Two values and one of `== != < <= > >=`."""

    operator: str
    left: Node
    right: Node

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Node):
    """Whether a value is one of a list."""

    value: Node
    options: tuple[Node, ...]

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return (self.value, *self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    """A chain of `+ -` or of `* /`, worked out from left to right.

    `operators[i]` stands between `parts[i]` and `parts[i + 1]`.
    """

    operators: tuple[str, ...]
    parts: tuple[Node, ...]

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return self.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return (self.condition, self.then, self.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """One of the functions in `functions.FUNCTIONS`; `digits` belongs to `round` only."""

    function: str
    parts: tuple[Node, ...]
    digits: int = 0

    def inside(self) -> tuple[Node, ...]:
        """The nodes directly inside this one."""
        return self.parts


def walk(node: Node) -> Iterator[Node]:
    """Give `node` and every node under it, in order of appearance."""
    yield node
    for part in node.inside():
        yield from walk(part)
