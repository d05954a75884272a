"""The safety board: pause triggers over pooled events, reviews, levels still closed.

Blinded staff see pooled counts only. With `groups`, which only the board's statistician can
give, the same counts are made per group under the closed report's letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from equipoise.protocol.conduct_rules import SafetyBoard, Trigger
from equipoise.rules import UNKNOWN, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """One adverse event of one participant: its record number and the values of its record."""

    participant: str
    number: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCount:
    """How far a pause rule is.

    `seen` events make its rule true among the participants that count; `unanswered` more
    might, once their records are complete. `events` names those seen. `by_group` is empty
    unless groups were given.
    """

    trigger: str
    count: int
    seen: int
    unanswered: int
    fired: bool
    events: tuple[tuple[str, int], ...] = ()
    by_group: Mapping[str, int] = field(default_factory=dict)


def triggers(
    board: SafetyBoard,
    events: Sequence[Pooled],
    treated: Sequence[str],
    *,
    groups: Mapping[str, str] | None = None,
) -> tuple[TriggerCount, ...]:
    """Every pause rule of the board over the events so far.

    Args:
        board: the board's rules.
        events: all adverse events, of anybody; those of people never treated do not count.
        treated: participants in the order of their first dose: `among` counts along it.
        groups: participant to letter, for the closed report only.

    """
    return tuple(_count(one, events, treated, groups or {}) for one in board.triggers)


def _count(
    trigger: Trigger,
    events: Sequence[Pooled],
    treated: Sequence[str],
    groups: Mapping[str, str],
) -> TriggerCount:
    among = frozenset(treated if trigger.among is None else treated[: trigger.among])
    rule = parse(trigger.rule)
    judged = [(one, rule.run(one.values)) for one in events if one.participant in among]
    seen = [one for one, holds in judged if holds is True]
    by_group = dict.fromkeys(sorted(set(groups.values())), 0)
    for one in seen:
        if one.participant in groups:
            by_group[groups[one.participant]] += 1
    return TriggerCount(
        trigger=trigger.id,
        count=trigger.count,
        seen=len(seen),
        unanswered=sum(holds is UNKNOWN for _, holds in judged),
        fired=len(seen) >= trigger.count,
        events=tuple((one.participant, one.number) for one in seen),
        by_group=by_group,
    )


def reviews_due(board: SafetyBoard, reached: int, held: int) -> tuple[int, ...]:
    """The planned reviews that are due and were not held, as participant counts.

    `reached` participants have passed the review day; `held` planned reviews have taken
    place, in order.
    """
    return tuple(after for after in board.reviews_after[held:] if reached >= after)


def closed_levels(board: SafetyBoard, reviewed: int) -> tuple[str, ...]:
    """Strata levels that may not be randomised yet.

    `reviewed` is how many treated participants the board has reviewed; a level opens once
    that reaches its count in `opens`.
    """
    return tuple(level for level, count in board.opens.items() if reviewed < count)
