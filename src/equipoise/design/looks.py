"""When the trial is looked at: information, absolute or as fractions of the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.design.checks import Array, positive, vector
from equipoise.errors import DesignError

_FURTHEST_OVERRUN = 1.5
_CLOSEST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of a trial.

    `information` is as it was given, shape (looks,); `maximum` is full information in the
    same unit; `fractions` is their ratio, above 1 at a look that over-ran.
    """

    information: Array
    maximum: float
    fractions: Array

    @property
    def count(self) -> int:
        """Number of looks."""
        return int(self.fractions.size)

    @property
    def overruns(self) -> bool:
        """Whether the last look lies beyond full information."""
        return float(self.fractions[-1]) > 1


def looks(information: object, maximum: object = None) -> Looks:
    """Read the information of the looks, shape (looks,), positive and increasing.

    With `maximum`, values are absolute. Without it, values that begin below 1 are fractions
    of a plan whose full information is 1; values that begin at 1 or more are absolute, and
    the last one is full information. Raises `DesignError`.
    """
    values = vector(information, "information")
    if values[0] <= 0:
        raise DesignError(
            f"information starts at {values[0]:g}; a look needs some information. "
            "Give values above 0, such as 0.5, 1.0."
        )
    if (np.diff(values) <= _CLOSEST * values[1:]).any():
        raise DesignError(
            "information must grow from look to look. Give strictly increasing values, "
            "such as 0.5, 1.0."
        )
    full = _full(values) if maximum is None else positive(maximum, "maximum")
    fractions = values / full
    _refuse_impossible(fractions)
    return Looks(information=values, maximum=full, fractions=fractions)


def _full(values: Array) -> float:
    return 1.0 if values[0] < 1 else float(values[-1])


def _refuse_impossible(fractions: Array) -> None:
    if fractions[-1] > _FURTHEST_OVERRUN:
        raise DesignError(
            f"The last look lies at {fractions[-1]:g} of full information, which no over-run "
            "reaches. Give fractions up to 1 (or a little more), or absolute information with "
            "maximum=."
        )
    if fractions.size > 1 and fractions[-2] >= 1:
        raise DesignError(
            f"The look at {fractions[-2]:g} of full information is not the last one, so nothing "
            "would be left to spend. Give at most one look at or beyond full information, or "
            "absolute information with maximum=."
        )
