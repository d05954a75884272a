"""The expression language of studies: eligibility, edit checks, derivations, skip logic.

One expression is read once and worked out the same way for one person (`evaluate`), for
columns of people (`evaluate_columns`) and in the browser (`to_json`). Unknown answers stay
unknown: they never pass a condition and never fail one silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equipoise.rules.browser import interpreter, to_json
from equipoise.rules.checking import check, infer, moved
from equipoise.rules.expression import Expression, evaluate
from equipoise.rules.items import ItemType
from equipoise.rules.parser import parse
from equipoise.rules.units import Unit, conversion, is_known, parse_unit
from equipoise.rules.unknown import UNKNOWN, Unknown

if TYPE_CHECKING:
    from equipoise.rules.columns import evaluate_columns

__all__ = [
    "UNKNOWN",
    "Expression",
    "ItemType",
    "Unit",
    "Unknown",
    "check",
    "conversion",
    "evaluate",
    "evaluate_columns",
    "infer",
    "interpreter",
    "is_known",
    "moved",
    "parse",
    "parse_unit",
    "to_json",
]


def __getattr__(name: str) -> Any:
    """Load the column evaluator, and with it NumPy, only when somebody asks for it."""
    if name == "evaluate_columns":
        from equipoise.rules.columns import evaluate_columns

        return evaluate_columns
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
