"""Who is compared with whom: one contrast for every experimental arm against the control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.answers import Baseline, number, said
from equipoise.analysis.dataset import Dataset, ParticipantRow
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray
from equipoise.analysis.sets import Members
from equipoise.analysis.variable import Variable
from equipoise.protocol.model import Protocol


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """An experimental arm against the control arm, by their ids."""

    experimental: str
    control: str

    @property
    def name(self) -> str:
        """The contrast in results files, `experimental - control`."""
        return f"{self.experimental} - {self.control}"


def contrasts(protocol: Protocol) -> tuple[Contrast, ...]:
    """One contrast per experimental arm, in the order of the protocol.

    Raises:
        ValueError: the protocol has no control arm.

    """
    control = next((arm.id for arm in protocol.arms if arm.role == "control"), None)
    if control is None:
        raise ValueError("a contrast needs a control arm; the protocol has none")
    return tuple(
        Contrast(experimental=arm.id, control=control)
        for arm in protocol.arms
        if arm.role == "experimental"
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The rows of one contrast: members of the set, in one of the two arms, with a value."""

    rows: NDArray[np.int64]  # (m,), positions in the order of the dataset
    arm: BoolArray  # (m,), True = experimental

    @property
    def n(self) -> int:
        """Participants in the calculation."""
        return int(self.rows.size)


def compared(members: Members, variable: Variable, contrast: Contrast) -> Compared:
    """Who enters the comparison of one endpoint."""
    ours, theirs = members.in_arm(contrast.experimental), members.in_arm(contrast.control)
    rows = np.flatnonzero((ours | theirs) & variable.usable)
    return Compared(rows=rows, arm=ours[rows])


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Covariates as numbers. `filled` counts values that were not known at baseline."""

    values: FloatArray  # (m, p)
    names: tuple[str, ...]
    filled: int


def strata_of(
    dataset: Dataset, baseline: Baseline, names: Sequence[str], rows: NDArray[np.int64]
) -> NDArray[Any]:
    """One label per row: the true levels of the factors, joined."""
    people = [dataset.randomised[row] for row in rows]
    labels = [" / ".join(baseline.level(one, name) for name in names) for one in people]
    return np.array(labels, dtype=object)


def covariates_of(
    dataset: Dataset, baseline: Baseline, names: Sequence[str], rows: NDArray[np.int64]
) -> Columns:
    """Baseline covariates as columns.

    Numbers as they are, an unknown one as the mean of the known (which is sound for a baseline
    covariate of a randomised trial: White & Thompson, Stat Med 2005;24:993). Codes and yes/no
    as indicators of every level but the first, "not known" being a level. A column that is the
    same for everybody is left out.
    """
    people = [dataset.randomised[row] for row in rows]
    found: list[tuple[str, FloatArray]] = []
    filled = 0
    for name in names:
        raw = [baseline.value(one, name) for one in people]
        filled += sum(one is None for one in raw)
        found += _numeric(name, raw) if _is_numeric(raw) else _levels(name, raw, people, baseline)
    kept = [(name, column) for name, column in found if column.size and np.ptp(column) > 0]
    values = np.column_stack([column for _, column in kept]) if kept else np.zeros((len(rows), 0))
    return Columns(values=values, names=tuple(name for name, _ in kept), filled=filled)


def _is_numeric(raw: Sequence[object]) -> bool:
    known = [one for one in raw if one is not None]
    return bool(known) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in known
    )


def _numeric(name: str, raw: Sequence[object]) -> list[tuple[str, FloatArray]]:
    values = np.array([np.nan if (v := number(one)) is None else v for one in raw])
    values[np.isnan(values)] = np.nanmean(values)
    return [(name, values)]


def _levels(
    name: str, raw: Sequence[object], people: Sequence[ParticipantRow], baseline: Baseline
) -> list[tuple[str, FloatArray]]:
    told = [
        said(one) if one is not None else baseline.level(person, name)
        for one, person in zip(raw, people, strict=True)
    ]
    levels = sorted(set(told))
    return [
        (f"{name} = {level}", np.array([one == level for one in told], dtype=np.float64))
        for level in levels[1:]
    ]
