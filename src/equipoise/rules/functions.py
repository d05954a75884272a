"""The functions an expression may call, and what each accepts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.rules.kinds import ARTICLE
from equipoise.rules.nodes import Kind

MOST_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """What one function accepts: kinds of its arguments (None: any) and how many."""

    usage: str
    kinds: tuple[Kind, ...] | None
    fewest: int
    most: int | None = None
    alike: bool = False


FUNCTIONS: dict[str, Function] = {
    "all": Function(usage="all(a, b, ...)", kinds=("boolean",), fewest=1),
    "any": Function(usage="any(a, b, ...)", kinds=("boolean",), fewest=1),
    "count": Function(usage="count(a, b, ...)", kinds=("boolean",), fewest=1),
    "days": Function(
        usage="days(from, to)", kinds=("date", "datetime"), fewest=2, most=2, alike=True
    ),
    "hours": Function(usage="hours(from, to)", kinds=("datetime",), fewest=2, most=2),
    "known": Function(usage="known(a)", kinds=None, fewest=1, most=1),
    "max": Function(
        usage="max(a, b, ...)", kinds=("number", "date", "datetime"), fewest=1, alike=True
    ),
    "min": Function(
        usage="min(a, b, ...)", kinds=("number", "date", "datetime"), fewest=1, alike=True
    ),
    "round": Function(usage="round(a, digits)", kinds=("number",), fewest=1, most=1),
}


def arguments_problem(function: str, kinds: Sequence[Kind | None]) -> str | None:
    """Why the arguments of `function` have no meaning, or None where they have one."""
    rule = FUNCTIONS[function]
    if rule.kinds is None:
        return None
    found = [kind for kind in kinds if kind is not None]
    for kind in found:
        if kind not in rule.kinds:
            wanted = " or ".join(ARTICLE[one] for one in rule.kinds)
            return f"{rule.usage} needs {wanted}, not {ARTICLE[kind]}. Change the argument."
    if rule.alike and len(set(found)) > 1:
        first, second = dict.fromkeys(found)
        return (
            f"{rule.usage} mixes {ARTICLE[first]} with {ARTICLE[second]}. "
            "Give arguments of one kind."
        )
    return None


def rounded(number: float, digits: int) -> float:
    """Round half away from zero, as on paper: `rounded(2.675, 2)` is 2.68.

    Every step is one IEEE 754 double operation, so that NumPy and JavaScript agree to the
    last bit. The small push before the floor makes up for a decimal half that has no
    exact double (2.675 is stored as 2.67499...); it is below a thousandth of a unit.
    """
    scale = 10.0**digits
    scaled = abs(number) * scale
    if scaled >= 2.0**52:
        return number
    if scaled < 1e12:
        scaled *= 1 + 2.0**-51
    return math.copysign(math.floor(scaled + 0.5) / scale, number)
