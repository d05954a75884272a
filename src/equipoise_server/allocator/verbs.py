"""Which messages there are, and at which door.

The blinded web process reaches the first door alone. No message there, in any order, has an
arm, a place, or anything that follows from one in its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from equipoise_server.allocator import (
    allocation,
    audit,
    ceremony,
    journal,
    kits,
    preparation,
    unblinding,
)

_AT_THE_BLINDED_DOOR: dict[str, Callable[..., Any]] = {
    "allocate": allocation.allocate,
    "broken": audit.broken,
    "commitment": ceremony.commitment,
    "first_broken": journal.first_broken,
    "label": ceremony.label,
    "lowest_stock": kits.lowest_stock,
    "matches": allocation.matches,
    "unguarded": audit.unguarded,
}
_AT_THE_UNBLINDED_DOOR: dict[str, Callable[..., Any]] = {
    "contents": unblinding.contents,
    "deliver": kits.deliver,
    "masks": unblinding.masks,
    "received": unblinding.received,
    "record_unblinded": preparation.record,
    "register_unblinded": unblinding.register,
    "release": unblinding.release,
    "released": unblinding.released,
    "reveal": unblinding.reveal,
}
VERBS = {**_AT_THE_BLINDED_DOOR, **_AT_THE_UNBLINDED_DOOR}
BLINDED = frozenset(_AT_THE_BLINDED_DOOR)
UNBLINDED = frozenset(VERBS)
