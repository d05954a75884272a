"""What is in each kit, which kits a site holds, and taking one without leaving a trace.

Kit codes are drawn at random with a check character: neither order nor gaps follow the
product. Consignments hold every product in the proportion of the arms, so that a delivery
says nothing about who got what.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from datetime import datetime

from equipoise.errors import OutOfStock, UnknownRecord
from equipoise.ids import kit_code
from equipoise_server.allocator import lists
from equipoise_server.allocator.ceremony import current, seed_of
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Ceremony, Kit
from equipoise_server.vault.seal import open_seal, seal


def deliver(*, site: str, shares: int, at: datetime) -> tuple[str, ...]:
    """Send a balanced consignment to a site: `shares` kits per unit of each arm's ratio.

    Returns the kit codes in alphabetical order, which is unrelated to their content.
    """
    with vault_transaction():
        made = current()
        seed = seed_of(made)
        first = Kit.objects.using(DATABASE).count()
        products = _products(made.configuration, shares)
        kits = []
        for number, arm in enumerate(products, start=first):
            code = kit_code(_bytes(seed, made, number))
            box = seal(arm, purpose="kit", name=code)
            kits.append(Kit(code=code, site=site, sealed_product=box, delivered_at=at))
        Kit.objects.using(DATABASE).bulk_create(sorted(kits, key=lambda kit: kit.code))
    return tuple(sorted(kit.code for kit in kits))


def _products(configuration: lists.Configuration, shares: int) -> list[str]:
    return [
        arm
        for arm, ratio in zip(configuration["arms"], configuration["ratio"], strict=True)
        for _ in range(ratio * shares)
    ]


def _bytes(seed: bytes, made: Ceremony, number: int) -> bytes:
    words = f"{made.label}/{made.study}/{made.digest}/kit-code/{number}"
    return hmac.new(seed, words.encode(), hashlib.sha256).digest()


def _free(site: str) -> dict[str, list[Kit]]:
    """The free, valid kits of a site by arm, each list in code order."""
    held: dict[str, list[Kit]] = defaultdict(list)
    rows = Kit.objects.using(DATABASE).filter(site=site, participant="", valid=True)
    for kit in rows.order_by("code"):
        held[arm_in(kit)].append(kit)
    return held


def arm_in(kit: Kit) -> str:
    """The arm whose product the kit holds, opened."""
    return open_seal(kit.sealed_product, purpose="kit", name=kit.code)


def require_stock(site: str, made: Ceremony) -> None:
    """Refuse unless every arm could be served, before any slot is opened.

    Raises:
        OutOfStock: the same sentence whichever arm is short.

    """
    held = _free(site)
    if any(not held[arm] for arm in made.configuration["arms"]):
        raise OutOfStock(site)


def take(site: str, arm: str, participant: str, made: Ceremony) -> str:
    """Reserve one of the site's kits of that arm, chosen by a draw; returns its code."""
    held = _free(site)[arm]
    if not held:
        raise OutOfStock(site)
    taken = Kit.objects.using(DATABASE).exclude(participant="").count()
    u = lists.uniform(made.configuration, seed_of(made), f"kit/{site}", taken + 1)
    kit = held[int(u * len(held))]
    kit.participant = participant
    kit.save(using=DATABASE, update_fields=["participant"])
    return kit.code


def lowest_stock(site: str) -> int:
    """How many more participants of any one arm the site could surely serve.

    Told to the resupply clock of the depot alone: on a blinded page it would tell which
    way the last allocation went.
    """
    configuration = current().configuration
    held = _free(site)
    pairs = zip(configuration["arms"], configuration["ratio"], strict=True)
    return min(len(held[arm]) // int(ratio) for arm, ratio in pairs)


def find(code: str) -> Kit:
    """The kit of that code.

    Raises:
        UnknownRecord: there is none.

    """
    kit = Kit.objects.using(DATABASE).filter(code=code).first()
    if kit is None:
        raise UnknownRecord(f"kit {code}")
    return kit
