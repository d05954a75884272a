"""Which messages there are, and at which door.

The blinded web process reaches the first door alone. No message there, in any order, has an
arm, a place, or anything that follows from one in its answer. At the other door whoever asks
proves each time who they are; what is for the keeper of the vault alone is at no door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from equipoise_server.allocator import (
    allocation,
    audit,
    ceremony,
    consignments,
    interims,
    journal,
    kits,
    preparation,
    product_verbs,
    proof_acts,
    register,
    rehearsing,
    running_low,
    unblinding,
)

_AT_THE_BLINDED_DOOR: dict[str, Callable[..., Any]] = {
    "allocate": allocation.allocate,
    "broken": audit.broken,
    "commitment": ceremony.commitment,
    "first_broken": journal.first_broken,
    "happened": unblinding.happened,
    "holds": allocation.holds,
    "interim_events": interims.events,
    "label": ceremony.label,
    "list_low": running_low.list_low,
    "lowest_stock": kits.lowest_stock,
    "matches": allocation.matches,
    "unguarded": audit.unguarded,
    **product_verbs.BLINDED,
}
_AT_THE_UNBLINDED_DOOR: dict[str, Callable[..., Any]] = {
    "act": proof_acts.act,
    "challenge": proof_acts.challenge,
    "deliver": consignments.deliver,
    "received": unblinding.received,
    "released_looks": interims.released_looks,
    "released": unblinding.released,
}
_WHERE_THE_VAULT_IS_KEPT: dict[str, Callable[..., Any]] = {
    "conduct_interim": interims.conduct,
    "contents": unblinding.contents,
    "decide_interim": interims.decide,
    "masks": unblinding.masks,
    "record_unblinded": preparation.record,
    "register_unblinded": register.enter,
    "release": unblinding.release,
    "record_many": rehearsing.record_many,
    "reveal": unblinding.reveal,
    **product_verbs.UNBLINDED,
}
VERBS = {**_AT_THE_BLINDED_DOOR, **_AT_THE_UNBLINDED_DOOR, **_WHERE_THE_VAULT_IS_KEPT}
BLINDED = frozenset(_AT_THE_BLINDED_DOOR)
UNBLINDED = BLINDED | frozenset(_AT_THE_UNBLINDED_DOOR)
REHEARSAL = frozenset(VERBS)
"""The door of a demonstration: everything, and nothing at all where the list is live."""
