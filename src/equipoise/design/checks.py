"""Questions asked of every number that enters the design engine.

Each function returns the value as a plain float (or array) or raises `DesignError`
with a sentence: what was refused, why, and what to give instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, SupportsFloat, cast

import numpy as np
import numpy.typing as npt

from equipoise.errors import DesignError

Array = npt.NDArray[np.float64]

LARGEST = 1e15
"""Numbers beyond this, and positive ones below its inverse, are taken for slips."""


def number(value: object, name: str) -> float:
    """A finite number."""
    if isinstance(value, (bool, str, bytes)):
        raise DesignError(f"{name} is {value!r}, not a number. Give a finite number.")
    try:
        result = float(cast(SupportsFloat, value))
    except OverflowError:
        result = LARGEST * 10
    except (TypeError, ValueError):
        raise DesignError(f"{name} is {value!r}, not a number. Give a finite number.") from None
    if not math.isfinite(result):
        raise DesignError(f"{name} is {result}, which is not finite. Give a finite number.")
    if abs(result) > LARGEST:
        raise DesignError(f"{name} is beyond {LARGEST:g}. Choose a larger unit of measurement.")
    return result


def flag(value: object, name: str) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise DesignError(f"{name} is {value!r}. Give True or False.")
    return bool(value)


def positive(value: object, name: str) -> float:
    """A finite number above 0."""
    result = number(value, name)
    if result <= 0:
        raise DesignError(f"{name} is {result:g}; it must be above 0. Give a positive number.")
    if result < 1 / LARGEST:
        raise DesignError(f"{name} is {result:g}, too small. Choose a smaller unit of measurement.")
    return result


def not_negative(value: object, name: str) -> float:
    """A finite number of at least 0."""
    result = number(value, name)
    if result < 0:
        raise DesignError(f"{name} is {result:g}; it cannot be negative. Give 0 or more.")
    return result


def inside_unit(value: object, name: str) -> float:
    """A probability strictly between 0 and 1."""
    result = number(value, name)
    if 0 < result < 1 / LARGEST:
        raise DesignError(f"{name} is {result:g}, too small to compute with. Give a larger one.")
    if not 0 < result < 1:
        raise DesignError(
            f"{name} is {result:g}; it must lie strictly between 0 and 1. "
            "Give a probability such as 0.025 or 0.8, not a percentage."
        )
    return result


def one_or_two(sides: object) -> int:
    """The number of sides of a test."""
    if isinstance(sides, bool) or not isinstance(sides, (int, np.integer)) or sides not in (1, 2):
        raise DesignError(f"sides is {sides!r}; a test has 1 or 2 sides. Give 1 or 2.")
    return int(sides)


def level(alpha: object, sides: object) -> tuple[float, int]:
    """The significance level (total over the sides) and the number of sides."""
    count = one_or_two(sides)
    total = inside_unit(alpha, "alpha")
    if total / count >= 0.5:
        raise DesignError(
            f"alpha is {total:g} over {count} side(s), so a side would reject more often than "
            "a coin. Give less than 0.5 per side, such as 0.025."
        )
    return total, count


def target_power(power: object, alpha: float) -> float:
    """A power between the significance level and 1."""
    result = inside_unit(power, "power")
    if result <= alpha:
        raise DesignError(
            f"power is {result:g}, no more than alpha ({alpha:g}): a test has that without any "
            "participants. Give a power such as 0.8 or 0.9."
        )
    return result


def vector(values: object, name: str) -> Array:
    """A non-empty one-dimensional array of finite numbers."""
    if isinstance(values, (str, bytes)) or not isinstance(values, (Iterable, np.ndarray)):
        raise DesignError(f"{name} is {values!r}, not a list of numbers. Give a list of numbers.")
    try:
        result = np.asarray(
            values if isinstance(values, np.ndarray) else list(values), dtype=np.float64
        )
    except (OverflowError, TypeError, ValueError):
        raise DesignError(
            f"{name} is not a plain list of numbers. Give one number a place."
        ) from None
    if result.ndim != 1 or result.size == 0:
        raise DesignError(f"{name} must be a non-empty list of numbers; shape {result.shape} came.")
    if not np.isfinite(result).all():
        raise DesignError(f"{name} holds a value that is not finite. Give finite numbers only.")
    return result


def distribution(values: object, name: str) -> Array:
    """Category probabilities: at least two, none negative, rescaled to sum exactly to 1."""
    result = vector(values, name)
    if result.size < 2:
        raise DesignError(f"{name} has one category; an ordinal scale needs two or more.")
    if (result < 0).any() or abs(result.sum() - 1) > 0.02:
        raise DesignError(
            f"{name} must be probabilities of at least 0 that sum to 1 (these sum to "
            f"{result.sum():g}). Give the share of participants in each category."
        )
    return result / float(result.sum())


def known(parameters: Mapping[str, Any], allowed: Iterable[str], what: str) -> None:
    """Refuse a keyword that `what` does not take."""
    names = sorted(allowed)
    extra = sorted(set(parameters) - set(names))
    if extra:
        takes = ", ".join(names) if names else "no parameters"
        raise DesignError(f"{what} does not take {', '.join(extra)}. It takes {takes}.")


def needed(parameters: Mapping[str, Any], name: str, what: str) -> Any:
    """The value of a keyword that `what` cannot do without."""
    if parameters.get(name) is None:
        raise DesignError(f"{what} needs {name}, which is missing. Give {name}=.")
    return parameters[name]
