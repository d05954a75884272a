"""What is in each kit, which kits a site holds, and taking one without leaving a trace.

Kit codes are drawn at random with a check character: neither order nor gaps follow the
product. Consignments hold every product in the proportion of the arms, so that a delivery
says nothing about who got what.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.db.models import QuerySet

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
    with vault_transaction("consignments", f"site/{site}"):
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


def arm_in(kit: Kit) -> str:
    """The arm whose product the kit holds, opened."""
    return open_seal(kit.sealed_product, purpose="kit", name=kit.code)


def _at(site: str) -> QuerySet[Kit]:
    return Kit.objects.using(DATABASE).filter(site=site)


def _used(site: str) -> int:
    """How many kits of the site were given or are not valid."""
    return _at(site).exclude(participant="", valid=True).count()


def lowest_stock(site: str) -> int:
    """How many more participants the site can serve, whatever their arms turn out to be.

    It counts consignments and kits used, never what is in them: the number says nothing of
    earlier arms, and so neither does a refusal, nor the day on which a consignment is sent.
    The price is a reserve: at 1:1 a site needs as many kits of each product as it will have
    participants.
    """
    ratio = [int(part) for part in current().configuration["ratio"]]
    consigned = _at(site).count() // sum(ratio)
    return consigned * min(ratio) - _used(site)


def require_stock(site: str) -> None:
    """Refuse unless every arm could be served, before any slot is opened.

    Raises:
        OutOfStock: the same sentence at the same number of participants, whatever their arms.

    """
    if lowest_stock(site) < 1:
        raise OutOfStock(site)


def take(site: str, arm: str, participant: str, made: Ceremony) -> str:
    """Reserve one of the site's kits of that arm, from a drawn code on; returns its code."""
    words = f"{made.label}/{made.study}/{made.digest}/kit/{site}/{_used(site) + 1}"
    drawn = kit_code(hmac.digest(seed_of(made), words.encode(), hashlib.sha256))
    free = _at(site).filter(participant="", valid=True).order_by("code")
    code = _first(free.filter(code__gte=drawn), arm) or _first(free.filter(code__lt=drawn), arm)
    if code is None:
        raise OutOfStock(site)
    Kit.objects.using(DATABASE).filter(code=code).update(participant=participant)
    return code


def _first(kits: QuerySet[Kit], arm: str) -> str | None:
    """The first of these kits that holds the arm's product; few are opened at a time."""
    seen, few = 0, 16
    while rows := list(kits.values_list("code", "sealed_product")[seen : seen + few]):
        for code, box in rows:
            if open_seal(box, purpose="kit", name=code) == arm:
                return str(code)
        seen += few
    return None


def find(code: str) -> Kit:
    """The kit of that code.

    Raises:
        UnknownRecord: there is none.

    """
    kit = Kit.objects.using(DATABASE).filter(code=code).first()
    if kit is None:
        raise UnknownRecord(f"kit {code}")
    return kit
