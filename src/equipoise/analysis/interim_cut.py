"""What goes into an interim analysis: how far the trial is, and the data, without any arm.

Everything here is blinded. It counts over all arms together, and what it makes for the analysis
holds participants and their outcomes; whoever knows the allocation puts the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np

from equipoise.analysis.dataset import Dataset, ParticipantRow, day_of
from equipoise.analysis.estimators import Outcome
from equipoise.analysis.looks import Rule, basis_of, rule_of
from equipoise.analysis.methods import benefit
from equipoise.analysis.plan import trial_of, unarmed
from equipoise.design import sample_size
from equipoise.protocol.estimands import Estimand, Interim
from equipoise.protocol.model import Protocol

Unit = Literal["events", "participants"]
NOBODY = "-"
"""Stands where an arm would."""
_NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the trial is, over all arms together.

    `participants` are past the protocol's minimum day and have a value; `information` counts
    their events, or themselves where the endpoint is no time to an event. `planned` is what the
    whole trial should have, unrounded; `looks` the planned fractions of it, without the last.
    """

    estimand: str
    unit: Unit
    participants: int
    information: int
    planned: float
    looks: Sequence[float]

    @property
    def fraction(self) -> float:
        """Information over what was planned."""
        return self.information / self.planned if self.planned else 0.0

    def needed(self, look: int) -> float:
        """The information at which a look (from 1) is due."""
        return self.looks[look - 1] * self.planned

    def due(self, taken: int) -> int | None:
        """The look that is due after look `taken` (0: none), or None.

        A look that was passed over is not made up for, and with all the information there the
        final analysis is next.
        """
        reached = [
            look
            for look in range(taken + 1, len(self.looks) + 1)
            if self.information >= self.needed(look) - _NEAR
        ]
        return max(reached) if reached and 0 < self.fraction < 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The data of one interim analysis in plain values that go through JSON. No arm.

    `participants`: codes, shape (m,). `arguments`: of the estimator, one value or list of m
    values each. `benefit`: on which side of no effect the better group lies.
    """

    look: int
    estimand: str
    endpoint: str
    estimator: str
    arguments: Mapping[str, Any]
    benefit: str
    rule: Rule
    unit: Unit
    information: int
    planned: float
    participants: Sequence[str]

    @property
    def fraction(self) -> float:
        """Information over what was planned."""
        return self.information / self.planned


def document(cut: Cut) -> dict[str, Any]:
    """A cut as JSON values."""
    return asdict(cut)


def read(stored: Mapping[str, Any]) -> Cut:
    """The cut that `document` wrote."""
    return Cut(**{**stored, "rule": Rule(**stored["rule"])})


def interim_of(protocol: Protocol) -> tuple[Interim, Estimand] | None:
    """The planned interim analysis and the estimand that it looks at; None where there is none."""
    interim = protocol.analysis.interim
    if interim is None or len(interim.information) < 2:
        return None
    wanted = interim.estimand or protocol.analysis.sequence[0]
    return interim, next(one for one in protocol.estimands if one.id == wanted)


def forms_that_count(protocol: Protocol) -> frozenset[str] | None:
    """The forms whose records `Gathered.progress` needs; None: all of them."""
    planned = interim_of(protocol)
    if planned is None:
        return frozenset()
    estimand = planned[1]
    name, chosen = estimand.main.endpoint or estimand.endpoint, estimand.main.set or estimand.set
    endpoint = next(one for one in protocol.endpoints if one.id == name)
    members = next(one for one in protocol.analysis.sets if one.id == chosen)
    if endpoint.form is None or endpoint.requires or members.requires:
        return None
    return frozenset({endpoint.form})


def full_information(protocol: Protocol, estimand: str, unit: Unit) -> float:
    """What the whole trial should have: planned participants, or the events expected of them."""
    planned, basis = float(protocol.planned.value or 0), basis_of(protocol, estimand)
    if unit == "participants" or basis is None:
        return planned
    plan, given = protocol.analysis, dict(basis.parameters)
    asked: dict[str, Any] = {"alpha": plan.alpha, "sides": plan.sides, **given}
    size = sample_size(basis.endpoint, power=basis.power, ratio=basis.ratio, **asked)
    return planned if size.events is None else planned * size.events / size.total


class Gathered:
    """A dataset at a moment: who is far enough, with one name in the place of every arm."""

    def __init__(self, dataset: Dataset, at: datetime, planned: tuple[Interim, Estimand]) -> None:
        self.interim, self.estimand = planned
        people = [
            replace(row, arm=NOBODY, received=None)
            for row in dataset.participants
            if _far_enough(dataset, row, at, self.interim.minimum_day)
        ]
        self._trial = trial_of(replace(dataset, participants=tuple(people)))
        self._given = unarmed(self._trial, self.estimand)

    @property
    def progress(self) -> Progress:
        """How far the trial is, all arms together."""
        variable, rows = self._given.variable, self._given.rows
        unit: Unit = "events" if variable.kind == "time" else "participants"
        events = int(variable.event[rows].sum()) if unit == "events" else int(rows.size)
        return Progress(
            estimand=self.estimand.id,
            unit=unit,
            participants=int(rows.size),
            information=events,
            planned=full_information(self._trial.protocol, self.estimand.id, unit),
            looks=tuple(self.interim.information[:-1]),
        )

    def cut(self, look: int) -> Cut:
        """The data of one look."""
        given, now = self._given, self.progress
        return Cut(
            look=look,
            estimand=self.estimand.id,
            endpoint=given.variable.endpoint.id,
            estimator=self.estimand.main.estimator,
            arguments={name: _plain(value) for name, value in given.arguments.items()},
            benefit=benefit(given.spec, given.variable.endpoint),
            rule=rule_of(self._trial.protocol),
            unit=now.unit,
            information=now.information,
            planned=now.planned,
            participants=[self._trial.dataset.randomised[row].code for row in given.rows],
        )


def _far_enough(dataset: Dataset, row: ParticipantRow, at: datetime, minimum: int) -> bool:
    """Whether the participant's minimum day is over, so that all that belongs to it can be there."""
    if row.randomised_on is None:
        return False
    return day_of(row, dataset.site_date(row, at)) > minimum


def _plain(value: Any) -> Any:
    """An argument of an estimator as JSON values."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list) and all(isinstance(one, Outcome) for one in value):
        return [{"value": one.value.tolist(), "larger_wins": one.larger_wins} for one in value]
    return value
