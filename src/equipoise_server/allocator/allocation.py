"""Giving the next place. The answer is a kit code and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from equipoise.errors import IntegrityError, KeyReused, ListExhausted
from equipoise.randomisation import scheme
from equipoise_server.allocator import kits, lists
from equipoise_server.allocator.ceremony import current, seed_of, slot_name
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Allocation, Ceremony, Slot
from equipoise_server.vault.seal import open_seal, seal


def allocate(
    *,
    participant: str,
    site: str,
    stratum: str,
    covariates: Mapping[str, str],
    key: str,
    at: datetime,
) -> str:
    """The kit code for this participant: a new one, or the one already given.

    Stock of every arm is checked before the slot is opened, so that a refusal carries no
    information. One transaction: either all of it is written or nothing.

    Raises:
        OutOfStock: some arm is short at the site (the sentence is the same for all).
        ListExhausted: no place is left.
        KeyReused: the key was used for another participant.
        SealBroken: the slot was changed or moved.

    """
    listed = lists.WHOLE_STUDY if current().configuration["dynamic"] else stratum
    with vault_transaction(f"participant/{participant}", f"list/{listed}", f"site/{site}"):
        known = Allocation.objects.using(DATABASE).filter(participant=participant).first()
        if known is not None:
            return known.kit
        if Allocation.objects.using(DATABASE).filter(key=key).exists():
            raise KeyReused(key)
        made = current()
        kits.require_stock(site)
        slot = _next_slot(listed)
        arm = _open(made, slot, covariates)
        kit = kits.take(site, arm, participant, made)
        Allocation.objects.using(DATABASE).create(
            participant=participant,
            slot=slot,
            site=site,
            stratum=stratum,
            covariates=dict(covariates),
            sealed_arm=seal(arm, purpose="arm", name=participant),
            kit=kit,
            key=key,
            at=at,
        )
        return kit


def _next_slot(listed: str) -> Slot:
    free = Slot.objects.using(DATABASE).filter(stratum=listed, allocation__isnull=True)
    slot = free.order_by("place").first()
    if slot is None:
        raise ListExhausted
    return slot


def _open(made: Ceremony, slot: Slot, covariates: Mapping[str, str]) -> str:
    value = open_seal(slot.sealed, purpose="slot", name=slot_name(slot.stratum, slot.place))
    if not made.configuration["dynamic"]:
        return value
    return _dynamic_arm(made.configuration, float(value), covariates)


def _dynamic_arm(configuration: dict[str, Any], u: float, covariates: Mapping[str, str]) -> str:
    """Replay the scheme over everyone before, in order, then take the next step."""
    rule = scheme(configuration["scheme"], **configuration["parameters"])
    state = rule.start(tuple(configuration["ratio"]))
    for earlier in (
        Allocation.objects.using(DATABASE).select_related("slot").order_by("slot__place")
    ):
        expected = configuration["arms"].index(arm_of(earlier))
        drawn = float(
            open_seal(
                earlier.slot.sealed,
                purpose="slot",
                name=slot_name(earlier.slot.stratum, earlier.slot.place),
            )
        )
        arm, state = rule.step(state, drawn, covariates=earlier.covariates)
        if arm != expected:
            raise IntegrityError(
                "The allocations do not follow from the sealed draws. Stop randomising and "
                "call the trial office."
            )
    arm, _ = rule.step(state, u, covariates=covariates)
    return str(configuration["arms"][arm])


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
    rule = scheme(configuration["scheme"], **configuration["parameters"])
    state = rule.start(tuple(configuration["ratio"]))
    seed = seed_of(made)
    for one in given:
        u = lists.uniform(configuration, seed, lists.WHOLE_STUDY, one.slot.place)
        arm, state = rule.step(state, u, covariates=one.covariates)
        if configuration["arms"][arm] != arm_of(one):
            return False
    return True
