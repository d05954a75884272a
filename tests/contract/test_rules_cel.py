"""Where no answer is missing, an independent CEL implementation gives the same answers.

The oracle is the Rust implementation of the Common Expression Language. CEL decides
equality on null and divides whole numbers to whole numbers, so the cases hold doubles
only, and no missing answer.
"""

from __future__ import annotations

import math
import random

import cel

from equipoise.rules import UNKNOWN, evaluate, evaluate_columns, parse
from equipoise.rules.nodes import Arithmetic, walk
from equipoise.rules.scalars import compile_tree

NUMBERS = ["age", "ox.rr", "baseline.ct.total"]
TEXTS = ["pcr", "severity"]
BOOLEANS = ["consented", "ox.on_air"]
CODES = ["positive", "negative", "mild", "severe"]


def number(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.3:
        return dice.choice([*NUMBERS, f"{dice.randint(-8, 80) / 4!r}", "18.0"])
    if dice.random() < 0.2:
        parts = boolean(dice, depth - 1), number(dice, depth - 1), number(dice, depth - 1)
        return "({} ? {} : {})".format(*parts)
    operators = dice.choice(["+-", "*/"])
    text = number(dice, depth - 1)
    for _ in range(dice.randint(1, 2)):
        text += f" {dice.choice(operators)} {number(dice, depth - 1)}"
    return f"({text})" if dice.random() < 0.8 else f"-({text})"


def word(dice: random.Random) -> str:
    return dice.choice([*TEXTS, *(f"'{code}'" for code in CODES)])


def boolean(dice: random.Random, depth: int) -> str:
    if depth == 0:
        return dice.choice([*BOOLEANS, "true", "false"])
    match dice.randrange(6):
        case 0:
            operator = dice.choice(["==", "!=", "<", "<=", ">", ">="])
            return f"{number(dice, depth - 1)} {operator} {number(dice, depth - 1)}"
        case 1:
            return f"{word(dice)} {dice.choice(['==', '!='])} {word(dice)}"
        case 2:
            codes = ", ".join(f'"{code}"' for code in dice.sample(CODES, 2))
            return f"{dice.choice(TEXTS)} in [{codes}]"
        case 3:
            return f"!({boolean(dice, depth - 1)})"
        case 4:
            parts = [boolean(dice, depth - 1) for _ in range(3)]
            return f"(({parts[0]}) ? ({parts[1]}) : ({parts[2]}))"
    joints = [dice.choice([" && ", " || "]) for _ in range(2)]
    parts = [f"({boolean(dice, depth - 1)})" for _ in range(3)]
    return parts[0] + joints[0] + parts[1] + joints[1] + parts[2]


def person(dice: random.Random) -> dict[str, object]:
    answers: dict[str, object] = {name: dice.randint(-8, 80) / 4 for name in NUMBERS}
    answers |= {name: dice.choice(CODES) for name in TEXTS}
    return answers | {name: dice.random() < 0.5 for name in BOOLEANS}


def nested(answers: dict[str, object]) -> dict[str, object]:
    """Dotted names as CEL sees them: maps in maps."""
    tree: dict[str, object] = {}
    for name, value in answers.items():
        *path, last = name.split(".")
        place = tree
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]
        place[last] = value
    return tree


def compare(make: object, cases: int, seed: int) -> int:
    dice = random.Random(seed)
    compared = 0
    for _ in range(cases):
        text = make(dice, 4)  # type: ignore[operator]
        if len(text) > 1500:
            continue
        answers = person(dice)
        if "/" in text and not _no_zero_divisor(text, answers):
            continue
        found = evaluate(parse(text), answers)
        expected = cel.evaluate(text, nested(answers))
        column = evaluate_columns(parse(text), {name: [value] for name, value in answers.items()})
        assert type(found) is type(expected), text
        assert found == expected, (text, answers)
        assert column[0] == expected, (text, answers)
        compared += 1
    return compared


def _no_zero_divisor(text: str, answers: dict[str, object]) -> bool:
    """Our language calls a division by zero unknown; CEL goes on with an infinity."""
    sums = (node for node in walk(parse(text).tree) if isinstance(node, Arithmetic))
    return all(compile_tree(node)(answers) is not UNKNOWN for node in sums)


def test_conditions_agree_with_cel() -> None:
    assert compare(boolean, 3000, 20260301) > 2000


def test_numbers_agree_with_cel() -> None:
    assert compare(number, 1500, 20260302) > 800


def test_cel_decides_on_a_missing_answer_and_we_do_not() -> None:
    """The reason for a language of our own."""
    assert cel.evaluate("x != 0.3", {"x": None}) is True
    assert evaluate(parse("x != 0.3"), {"x": None}) is UNKNOWN
    assert math.isinf(cel.evaluate("1.0 / x", {"x": 0.0}))
    assert evaluate(parse("1.0 / x"), {"x": 0.0}) is UNKNOWN
