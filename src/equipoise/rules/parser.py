"""Read an expression: text in, an immutable `Expression` out.

Lark tokenises and parses (LALR, no recursion); the builder below turns its tree into
nodes and refuses what is too deep, so that no input can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from equipoise.errors import ExpressionError, Place
from equipoise.rules import literals
from equipoise.rules.complaints import WORDS, complaint, place_at, unknown_function
from equipoise.rules.expression import Expression
from equipoise.rules.functions import FUNCTIONS, MOST_DIGITS
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

LONGEST = 4000
DEEPEST = 40


def parse(text: str) -> Expression:
    """Read one expression. The same text gives the same object.

    Raises:
        ExpressionError: the text is not an expression; its place counts inside the text.

    >>> parse("age >= 18 && pcr == 'positive'").names
    ('age', 'pcr')
    """
    if not isinstance(text, str):
        problem = f"An expression is text, not {type(text).__name__}. Put it in quotes."
        raise ExpressionError(Place(line=1, column=1), problem)
    if len(text) > LONGEST:
        problem = (
            f"The expression has {len(text)} characters; the most is {LONGEST}. "
            "Split it into named derivations."
        )
        raise ExpressionError(place_at(text, LONGEST), problem)
    return _parse(str.__str__(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Expression:
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as stumble:
        raise complaint(text, stumble) from None
    return Expression(text, build(tree.children[0], 1))


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    grammar = files("equipoise.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        maybe_placeholders=False,
        keep_all_tokens=False,
        lexer_callbacks={"NAME": _refuse_word},
    )


def _refuse_word(token: Token) -> Token:
    remedy = WORDS.get(token.lower())
    if remedy is not None:
        raise ExpressionError(_place(token), f"`{token}` is not an operator here. {remedy}")
    return token


def _place(token: Token) -> Place:
    return Place(line=token.line or 1, column=token.column or 1)


def build(tree: Any, depth: int) -> Node:
    """Turn one Lark tree into a node.

    Raises:
        ExpressionError: brackets or operators are nested deeper than `DEEPEST`.
    """
    where = Place(line=tree.meta.line, column=tree.meta.column)
    if depth > DEEPEST:
        problem = (
            f"The expression is nested more than {DEEPEST} levels deep. "
            "Split it into named derivations."
        )
        raise ExpressionError(where, problem)
    return _BUILDERS[tree.data](tree, where, depth)


def _inside(tree: Any, depth: int) -> tuple[Node, ...]:
    return tuple(build(part, depth + 1) for part in tree.children if isinstance(part, Tree))


def _number(tree: Any, where: Place, _: int) -> Node:
    value = literals.number(tree.children[0])
    if value is None:
        raise ExpressionError(where, "The number is too large. Write one below 1e308.")
    return Literal(line=where.line, column=where.column, kind="number", value=value)


def _text(tree: Any, where: Place, _: int) -> Node:
    value = literals.text(tree.children[0])
    return Literal(line=where.line, column=where.column, kind="text", value=value)


def _boolean(tree: Any, where: Place, _: int) -> Node:
    value = tree.data == "true"
    return Literal(line=where.line, column=where.column, kind="boolean", value=value)


def _name(tree: Any, where: Place, _: int) -> Node:
    name = str(tree.children[0])
    if name.count(".") > 2:
        problem = (
            f"`{name[:40]}` has more than three parts. "
            "Write item, form.item or visit.form.item; there are no attributes."
        )
        raise ExpressionError(where, problem)
    return Name(line=where.line, column=where.column, name=name)


def _group(tree: Any, _: Place, depth: int) -> Node:
    return build(tree.children[0], depth + 1)


def _not(tree: Any, where: Place, depth: int) -> Node:
    operand = build(tree.children[0], depth + 1)
    return Not(line=where.line, column=where.column, operand=operand)


def _signed(tree: Any, where: Place, depth: int) -> Node:
    sign, operand = tree.children
    if sign == "+":
        raise ExpressionError(where, "`+` needs a value before it. Delete the sign.")
    inner = build(operand, depth + 1)
    return Negate(line=where.line, column=where.column, operand=inner)


def _junction(tree: Any, where: Place, depth: int) -> Node:
    operator = "||" if tree.data == "either" else "&&"
    parts = _inside(tree, depth)
    return Junction(line=where.line, column=where.column, operator=operator, parts=parts)


def _compare(tree: Any, _: Place, depth: int) -> Node:
    operator = tree.children[1]
    left, right = _inside(tree, depth)
    return Compare(
        line=operator.line,
        column=operator.column,
        operator=str(operator),
        left=left,
        right=right,
    )


def _member(tree: Any, where: Place, depth: int) -> Node:
    value, options = tree.children
    return Member(
        line=where.line,
        column=where.column,
        value=build(value, depth + 1),
        options=_options(options, depth),
    )


def _options(tree: Any, depth: int) -> tuple[Node, ...]:
    if not tree.children:
        place = Place(line=tree.meta.line, column=tree.meta.column)
        raise ExpressionError(place, "The list is empty. Write at least one value between [ and ].")
    return _inside(tree, depth)


def _arithmetic(tree: Any, where: Place, depth: int) -> Node:
    operators = tuple(str(part) for part in tree.children if isinstance(part, Token))
    parts = _inside(tree, depth)
    return Arithmetic(line=where.line, column=where.column, operators=operators, parts=parts)


def _choose(tree: Any, where: Place, depth: int) -> Node:
    condition, then, otherwise = _inside(tree, depth)
    return Choose(
        line=where.line, column=where.column, condition=condition, then=then, otherwise=otherwise
    )


def _call(tree: Any, where: Place, depth: int) -> Node:
    name = str(tree.children[0])
    arguments = [part for part in tree.children[1:] if isinstance(part, Tree)]
    if name in {"date", "datetime"}:
        return _written_date(name, arguments, where)
    if name not in FUNCTIONS:
        raise ExpressionError(where, unknown_function(name))
    digits = _digits(arguments, where) if name == "round" and len(arguments) == 2 else 0
    parts = _arguments(
        arguments[:1] if name == "round" and len(arguments) == 2 else arguments, depth
    )
    rule = FUNCTIONS[name]
    if len(parts) < rule.fewest or (rule.most is not None and len(parts) > rule.most):
        problem = f"`{name}` has the wrong number of arguments. Write {rule.usage}."
        raise ExpressionError(where, problem)
    return Call(line=where.line, column=where.column, function=name, parts=parts, digits=digits)


def _arguments(trees: list[Any], depth: int) -> tuple[Node, ...]:
    """Build the arguments; one list stands for its members, so `any([a, b])` is `any(a, b)`."""
    if len(trees) == 1 and trees[0].data == "list":
        return _options(trees[0], depth)
    for tree in trees:
        if tree.data == "list":
            place = Place(line=tree.meta.line, column=tree.meta.column)
            problem = "A list must be the only argument of its function. Delete the brackets."
            raise ExpressionError(place, problem)
    return tuple(build(tree, depth + 1) for tree in trees)


def _digits(arguments: list[Any], where: Place) -> int:
    tree = arguments[1]
    value = literals.number(tree.children[0]) if tree.data == "number" else None
    if value is None or value != int(value) or value > MOST_DIGITS:
        problem = f"The digits of round must be written as a whole number from 0 to {MOST_DIGITS}."
        raise ExpressionError(where, problem)
    return int(value)


def _written_date(name: str, arguments: list[Any], where: Place) -> Node:
    plain = len(arguments) == 1 and arguments[0].data == "text"
    written = literals.text(arguments[0].children[0]) if plain else ""
    day, moment = literals.day(written), literals.moment(written)
    if name == "date" and day is not None:
        return Literal(line=where.line, column=where.column, kind="date", value=day)
    if name == "datetime" and moment is not None:
        return Literal(line=where.line, column=where.column, kind="datetime", value=moment)
    example = 'date("2026-03-01")' if name == "date" else 'datetime("2026-03-01T08:00Z")'
    problem = f"`{name}` needs a written {name} that exists. Write {example}" + (
        ", with Z or an offset such as +08:00." if name == "datetime" else "."
    )
    raise ExpressionError(where, problem)


_BUILDERS: dict[str, Callable[[Any, Place, int], Node]] = {
    "number": _number,
    "text": _text,
    "true": _boolean,
    "false": _boolean,
    "name": _name,
    "group": _group,
    "not": _not,
    "signed": _signed,
    "either": _junction,
    "both": _junction,
    "compare": _compare,
    "member": _member,
    "sum": _arithmetic,
    "product": _arithmetic,
    "choose": _choose,
    "call": _call,
}
