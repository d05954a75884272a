"""Analysis sets: who is analysed, and in which arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from equipoise.analysis.answers import whole_course
from equipoise.analysis.dataset import Dataset, ParticipantRow
from equipoise.analysis.estimators.inputs import BoolArray
from equipoise.protocol.estimands import AnalysisSet
from equipoise.rules import Expression, parse


@dataclass(frozen=True, kw_only=True)
class Members:
    """One analysis set over the randomised participants, in their order.

    `member` says who belongs to it; `arm` holds the id of the arm in which each is analysed.
    """

    set: AnalysisSet
    member: BoolArray  # (n,)
    arm: tuple[str, ...]  # (n,)

    @property
    def n(self) -> int:
        """How many belong to it."""
        return int(self.member.sum())

    def in_arm(self, arm: str) -> BoolArray:
        """Members analysed in one arm, (n,)."""
        return np.asarray(self.member & (np.array(self.arm, dtype=object) == arm), dtype=np.bool_)

    @property
    def treated_only(self) -> bool:
        """Whether only events on or after the first dose count."""
        return self.set.kind == "treated"


def analysis_sets(dataset: Dataset) -> Mapping[str, Members]:
    """The sets of the plan, in its order, by id."""
    return {one.id: members(dataset, one) for one in dataset.study.protocol.analysis.sets}


def members(dataset: Dataset, chosen: AnalysisSet) -> Members:
    """Who belongs to one set. What is unknown does not admit anybody."""
    rule = None if chosen.requires is None else parse(chosen.requires)
    rows = dataset.randomised
    return Members(
        set=chosen,
        member=np.array([_belongs(dataset, chosen, rule, row) for row in rows], dtype=np.bool_),
        arm=tuple(_arm(chosen, row) for row in rows),
    )


def _belongs(
    dataset: Dataset, chosen: AnalysisSet, rule: Expression | None, row: ParticipantRow
) -> bool:
    least = chosen.minimum_doses or (0 if chosen.kind == "randomised" else 1)
    if row.doses < least:
        return False
    return rule is None or rule.run(whole_course(dataset, row)) is True


def _arm(chosen: AnalysisSet, row: ParticipantRow) -> str:
    given = row.received if chosen.by == "received" else row.arm
    return given or row.arm or ""
