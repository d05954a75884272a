"""What is in each kit, which kits a site holds, and taking one without leaving a trace.

Kit codes are drawn at random with a check character: neither order nor gaps follow the
product. Consignments hold every product in the proportion of the arms, so that a delivery
says nothing about who got what.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from equipoise.errors import OutOfStock, UnknownRecord, say
from equipoise.ids import kit_code
from equipoise_server.allocator import lists
from equipoise_server.allocator.ceremony import Standing, seed_of, standing
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import Ceremony, Kit
from equipoise_server.vault.seal import open_seal, seal


def make(made: Ceremony, *, shares: int, site: str, batch: str, at: datetime) -> list[str]:
    """Make the kits of `shares` times the ratio of the arms; call inside a vault transaction.

    Returns the kit codes in alphabetical order, which is unrelated to their content.
    """
    seed = seed_of(made)
    first = Kit.objects.using(DATABASE).count()
    rows = []
    for number, arm in enumerate(_products(made.configuration, shares), start=first):
        code = kit_code(_bytes(seed, made, number))
        box = seal(arm, purpose="kit", name=code)
        rows.append(Kit(code=code, site=site, batch=batch, sealed_product=box, delivered_at=at))
    Kit.objects.using(DATABASE).bulk_create(sorted(rows, key=lambda kit: kit.code))
    return sorted(kit.code for kit in rows)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Kits that were ever sent to a site, and how many of them are used up or not valid."""

    sent: int
    used: int


_STOCK = (
    "SELECT COUNT(*), COALESCE(SUM(CASE WHEN participant = '' AND valid = TRUE THEN 0 ELSE 1 END),"
    " 0) FROM vault_kit WHERE site = %s AND batch NOT IN "
    "(SELECT name FROM vault_hold WHERE kind = 'batch' AND lifted_at IS NULL)"
)
"""A batch that is held is left out whole: it brought as many kits of each arm as it takes away."""
_SOME = (
    "SELECT code, sealed_product FROM vault_kit "
    "WHERE site = %s AND participant = '' AND valid = TRUE AND code > %s ORDER BY code LIMIT %s"
)
_TAKE = (
    "UPDATE vault_kit SET participant = %s WHERE code = %s AND participant = '' AND valid = TRUE"
)
_FEW = 16  # kits read at a time


def stock(site: str) -> Stock:
    """The site's stock in one statement."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_STOCK, [site])
        sent, used = cursor.fetchone()
    return Stock(sent=sent, used=used)


def lowest_stock(site: str) -> int:
    """How many more participants the site can serve, whatever their arms turn out to be.

    It counts consignments and kits used, never what is in them: the number says nothing of
    earlier arms, and so neither does a refusal, nor the day on which a consignment is sent.
    The price is a reserve: at 1:1 a site needs as many kits of each product as it will have
    participants.
    """
    return _serves(standing(), stock(site))


def _serves(made: Standing, held: Stock) -> int:
    ratio = [int(part) for part in made.configuration["ratio"]]
    return held.sent // sum(ratio) * min(ratio) - held.used


def require_stock(site: str, made: Standing) -> Stock:
    """Refuse unless every arm could be served, before any slot is opened; gives the stock.

    Raises:
        OutOfStock: the same sentence at the same number of participants, whatever their arms.

    """
    held = stock(site)
    if _serves(made, held) < 1:
        raise OutOfStock(site)
    return held


def take(site: str, arm: str, participant: str, made: Standing, held: Stock) -> str:
    """Reserve one of the site's kits of that arm, from a drawn code on; returns its code."""
    words = f"{made.label}/{made.study}/{made.digest}/kit/{site}/{held.used + 1}"
    drawn = kit_code(hmac.digest(seed_of(made), words.encode(), hashlib.sha256))
    with connections[DATABASE].cursor() as cursor:
        code = _first(cursor, site, arm, drawn, "") or _first(cursor, site, arm, "", drawn)
        if code is None:
            raise OutOfStock(site)
        cursor.execute(_TAKE, [participant, code])
        if cursor.rowcount != 1:
            raise OutOfStock(site)
    return code


def _first(cursor: Any, site: str, arm: str, start: str, end: str) -> str | None:
    """The first free kit behind `start` with that product, up to `end` (empty: to the last)."""
    while True:
        cursor.execute(_SOME, [site, start, _FEW])
        rows = cursor.fetchall()
        for code, box in rows:
            if end and code > end:
                return None
            if open_seal(box, purpose="kit", name=code) == arm:
                return str(code)
        if len(rows) < _FEW:
            return None
        start = rows[-1][0]


def find(code: str) -> Kit:
    """The kit of that code.

    Raises:
        UnknownRecord: there is none.

    """
    kit = Kit.objects.using(DATABASE).filter(code=code).first()
    if kit is None:
        raise UnknownRecord(say("kit {code}", code=code))
    return kit
