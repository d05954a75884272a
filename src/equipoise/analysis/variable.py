"""An endpoint worked out for every randomised participant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.estimators.inputs import BoolArray, FloatArray, IntArray
from equipoise.protocol.estimands import Endpoint

Kind = Literal["time", "value", "binary"]
Source = Literal["observed", "carried", "death", "missing", "excluded"]

KINDS: dict[str, Kind] = {
    "first-day": "time",
    "value": "value",
    "change": "value",
    "any-record": "binary",
    "death": "binary",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The endpoint of one participant.

    `time` is in days from randomisation; `value` is a number, or 1 and 0 for yes and no.
    `cause` is 1 for the event, 2 for death before it, 0 for censored. `source` says where it
    comes from; `excluded` did not meet what the endpoint requires.
    """

    source: Source
    time: float = np.nan
    event: bool = False
    cause: int = 0
    cause_time: float = np.nan
    value: float = np.nan


EXCLUDED = Outcome(source="excluded")
MISSING = Outcome(source="missing")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One endpoint as columns, one row per randomised participant, in the order of `codes`.

    `time`, `event`: days, True where the event was seen (time endpoints). `cause` and
    `cause_time`: the same with death as a competing event. `value`: a number (1 and 0 for
    binary endpoints), NaN where there is none. `usable`: the row enters an analysis.
    """

    endpoint: Endpoint
    kind: Kind
    codes: tuple[str, ...]
    time: FloatArray  # (n,)
    event: BoolArray  # (n,)
    cause: IntArray  # (n,)
    cause_time: FloatArray  # (n,)
    value: FloatArray  # (n,)
    source: NDArray[Any]  # (n,), text

    @property
    def usable(self) -> BoolArray:
        """Rows with a value: observed, carried forward, or settled by death."""
        return np.isin(self.source, ("observed", "carried", "death"))

    def count(self, source: Source, where: BoolArray | None = None) -> int:
        """How many rows come from `source`, among `where`."""
        hit = self.source == source
        return int((hit if where is None else hit & where).sum())


def gather(endpoint: Endpoint, codes: tuple[str, ...], rows: list[Outcome]) -> Variable:
    """The columns of one endpoint."""
    return Variable(
        endpoint=endpoint,
        kind=KINDS[endpoint.kind],
        codes=codes,
        time=np.array([one.time for one in rows], dtype=np.float64),
        event=np.array([one.event for one in rows], dtype=np.bool_),
        cause=np.array([one.cause for one in rows], dtype=np.int64),
        cause_time=np.array([one.cause_time for one in rows], dtype=np.float64),
        value=np.array([one.value for one in rows], dtype=np.float64),
        source=np.array([one.source for one in rows], dtype=object),
    )
