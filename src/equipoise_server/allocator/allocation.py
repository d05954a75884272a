"""Giving the next place. The answer is a kit code and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.transaction import on_commit

from equipoise.errors import (
    AllocatedOtherwise,
    ListExhausted,
    ListOfAnotherVersion,
    SealBroken,
)
from equipoise_server.allocator import clock, dynamic, kits, lists, places
from equipoise_server.allocator.ceremony import (
    Standing,
    current,
    seed_of,
    slot_name,
    standing,
    why_it_does_not_open,
)
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Allocation, Ceremony
from equipoise_server.vault.seal import open_seal, seal

LIVE = "live"


def allocate(
    *,
    participant: str,
    site: str,
    stratum: str,
    covariates: Mapping[str, str],
    key: str,
    at: datetime,
    digest: str = "",
) -> str:
    """The kit code for this participant: a new one, or the one already given.

    Stock of every arm is checked before the slot is opened, so that a refusal carries no
    information. One transaction: either all of it is written or nothing. `digest`: the
    protocol version that the caller acts under; empty where it knows none.

    Raises:
        OutOfStock: some arm is short at the site (the sentence is the same for all).
        ListExhausted: no place is left.
        ListOfAnotherVersion, ClockWrong.
        KeyReused: the key was used for another participant.
        AllocatedOtherwise: the participant was given a place at another site or stratum.
        SealBroken, SealMoved: the slot was changed or moved.
        VaultKeyMissing, VaultKeyWrong.

    """
    made = standing()
    if digest and digest != made.digest:
        raise ListOfAnotherVersion
    known = places.held_by(participant)
    if known is not None:
        return _again(known, participant, site, stratum)
    listed = lists.WHOLE_STUDY if made.configuration["dynamic"] else stratum
    asked = _Asked(
        participant=participant,
        site=site,
        stratum=stratum,
        covariates=covariates,
        key=key,
        at=at,
    )
    try:
        with vault_transaction(f"participant/{participant}", f"list/{listed}", f"site/{site}"):
            return _allocate(made, listed, asked)
    except SealBroken as problem:
        raise why_it_does_not_open(problem, made) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request, as it came."""

    participant: str
    site: str
    stratum: str
    covariates: Mapping[str, str]
    key: str
    at: datetime


def _again(known: places.Held, participant: str, site: str, stratum: str) -> str:
    """The answer to whoever holds a place already: the same, for the same site and stratum."""
    if (known.site, known.stratum) != (site, stratum):
        raise AllocatedOtherwise(participant)
    return known.kit


def _allocate(made: Standing, listed: str, asked: _Asked) -> str:
    """Everything that happens with list, site and participant held."""
    known = places.held_by(asked.participant)
    if known is not None:
        return _again(known, asked.participant, asked.site, asked.stratum)
    places.require_new(asked.key)
    stock = kits.require_stock(asked.site, made)
    free = places.next_of(listed)
    if free is None:
        raise ListExhausted
    if made.label == LIVE:
        clock.HERE.require_right(asked.at, after=free.last_at)
    arm = _open(made, free, asked)
    kit = kits.take(asked.site, arm, asked.participant, made, stock)
    places.give(
        free,
        participant=asked.participant,
        site=asked.site,
        stratum=asked.stratum,
        covariates=asked.covariates,
        sealed_arm=seal(arm, purpose="arm", name=asked.participant),
        kit=kit,
        key=asked.key,
        at=asked.at,
    )
    on_commit(lambda: places.remember(free), using=DATABASE)
    return kit


def _open(made: Standing, free: places.Free, asked: _Asked) -> str:
    value = open_seal(free.sealed, purpose="slot", name=slot_name(free.listed, free.place))
    if not made.configuration["dynamic"]:
        return value
    which = (*places.where(), made.text)
    arm, reached = dynamic.draw(
        which,
        made.configuration,
        float(value),
        asked.covariates,
        place=free.place,
        participant=asked.participant,
    )
    on_commit(lambda: dynamic.keep(which, reached), using=DATABASE)
    return arm


def holds(*, participant: str) -> bool:
    """Whether the participant was given a place. Nothing of which one."""
    return places.held_by(participant) is not None


def arm_of(allocation: Allocation) -> str:
    """The arm of one allocation, opened."""
    return open_seal(allocation.sealed_arm, purpose="arm", name=allocation.participant)


def matches() -> bool | None:
    """Whether list, slots and allocations follow from the seed and the published commitment.

    None before release: until then nothing may be recomputed in the open.
    """
    made = current()
    if made.released_at is None:
        return None
    seed = seed_of(made)
    rebuilt = lists.build(made.configuration, seed)
    if lists.commitment(rebuilt, seed, made.configuration) != made.commitment:
        return False
    return _follows(made, rebuilt)


def _follows(made: Ceremony, rebuilt: lists.Lists | None) -> bool:
    given = Allocation.objects.using(DATABASE).select_related("slot").order_by("slot__place")
    if rebuilt is not None:
        return all(
            rebuilt[one.stratum][one.slot.place - 1] == arm_of(one)
            and one.slot.stratum == one.stratum
            for one in given
        ) and _in_order(given)
    return _replays(made, list(given))


def _in_order(given: Any) -> bool:
    """Places of each stratum are used from 1 up without a gap."""
    used: dict[str, int] = {}
    for one in given:
        used[one.stratum] = used.get(one.stratum, 0) + 1
        if one.slot.place != used[one.stratum]:
            return False
    return True


def _replays(made: Ceremony, given: list[Allocation]) -> bool:
    configuration = made.configuration
    rule = dynamic.rule_of(configuration)
    state = rule.start(tuple(configuration["ratio"]))
    seed = seed_of(made)
    for one in given:
        u = lists.uniform(configuration, seed, lists.WHOLE_STUDY, one.slot.place)
        arm, state = rule.step(state, u, covariates=one.covariates)
        if configuration["arms"][arm] != arm_of(one):
            return False
    return True
