"""Another kit of the same product: a message of the same size and path as the first."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import KeyReused, UnknownRecord, say
from equipoise_server.allocator import holds, kits
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.allocator.ceremony import standing
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Allocation, Kit, Replacement


def replace(*, participant: str, site: str, kit: str, key: str, at: datetime) -> str:
    """The code of another kit for the participant, instead of one that cannot be used.

    Stock of every arm is checked before, as in randomisation. Asked again for the same kit,
    the answer is the same. The kit that is replaced is not valid from then on.

    Raises:
        OutOfStock: some arm is short at the site (the sentence is the same for all).
        UnknownRecord: the participant does not hold that kit at that site.
        KeyReused: the key was used for another kit.

    """
    made = standing()
    with vault_transaction(f"participant/{participant}", f"site/{site}"):
        known = Replacement.objects.using(DATABASE).filter(replaces=kit).first()
        if known is not None and known.participant == participant:
            return known.kit
        if Replacement.objects.using(DATABASE).filter(key=key).exists():
            raise KeyReused(key)
        mine = Kit.objects.using(DATABASE).filter(code=kit, participant=participant)
        given = Allocation.objects.using(DATABASE).filter(participant=participant, site=site)
        allocation = given.first()
        if allocation is None or not mine.exists():
            raise UnknownRecord(
                say(
                    "kit {kit} of {participant} at site {site}",
                    kit=kit,
                    participant=participant,
                    site=site,
                )
            )
        held = kits.require_stock(site, made)
        code = kits.take(site, arm_of(allocation), participant, made, held)
        Replacement.objects.using(DATABASE).create(
            participant=participant, kit=code, replaces=kit, key=key, at=at
        )
        holds.hold("kit", kit, why="replaced", source=f"kit {code}", at=at)
        return code
