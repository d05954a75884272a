"""Packing lots into batches, and sending balanced consignments of kits to sites.

A batch is packed from one lot of each product, and the lots of a batch are packed with each
other alone: whichever of them is recalled, the same batches go. A batch expires with the
first of its lots, whole. A consignment holds every product in the proportion of the arms.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime

from equipoise.errors import KeyReused, OutOfOrder, OutOfStock, listed, say
from equipoise.ids import kit_code
from equipoise_server.allocator import holds, kits, lots, specifications
from equipoise_server.allocator.ceremony import current, seed_of
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, LEDGER, vault_transaction
from equipoise_server.vault.models import (
    Ceremony,
    Consignment,
    Kit,
    Lot,
    PackagingBatch,
)

LEAST_TRANSFERRED = 4  # shares: fewer kits would tell which of them differ
MOST_SHARES = 10_000
DEPOT = ""


def pack(*, lots: Sequence[str], shares: int, by: str, at: datetime) -> str:
    """Pack kits from one released lot of each product; returns the batch code.

    Raises:
        OutOfOrder: a lot is missing, not released, expired, or packed with another one before.

    """
    if not 1 <= shares <= MOST_SHARES:
        raise OutOfOrder(
            "The batch", say("it needs 1 to {most_shares} shares", most_shares=MOST_SHARES)
        )
    with vault_transaction(LEDGER, "consignments"):
        made = current()
        rows = list(Lot.objects.using(DATABASE).filter(code__in=list(lots)))
        by_product = _one_of_each(rows, list(lots), at.date())
        _packed_together(by_product)
        number = PackagingBatch.objects.using(DATABASE).count()
        code = f"B-{kit_code(_bytes(made, 'batch', number))}"
        PackagingBatch.objects.using(DATABASE).create(
            code=code,
            lots=by_product,
            shares=shares,
            expires_on=min(date.fromisoformat(row.state["expires_on"]) for row in rows),
            packed_at=at,
            by=by,
        )
        kits.make(made, shares=shares, site=DEPOT, batch=code, at=at)
        note("packed", by=by, at=at, payload={"batch": code, "lots": by_product, "shares": shares})
        return code


def _one_of_each(rows: list[Lot], asked: list[str], on: date) -> dict[str, str]:
    wanted = set(specifications.products().values())
    by_product = {row.product: row.code for row in rows}
    if len(rows) != len(asked) or len(asked) != len(wanted) or set(by_product) != wanted:
        raise OutOfOrder(
            "The batch", say("it needs one lot of each of {wanted}", wanted=listed(sorted(wanted)))
        )
    for row in rows:
        if row.status != "released":
            raise OutOfOrder(
                "The batch",
                say("lot {code} is {status}, not released", code=row.code, status=row.status),
            )
        if date.fromisoformat(row.state["expires_on"]) <= on:
            raise OutOfOrder("The batch", say("lot {code} has expired", code=row.code))
    return dict(sorted(by_product.items()))


def _packed_together(by_product: dict[str, str]) -> None:
    for lot in by_product.values():
        for code in lots.batches_of(lot):
            known = PackagingBatch.objects.using(DATABASE).get(code=code)
            if known.lots != by_product:
                others = ", ".join(sorted(set(known.lots.values()) - {lot}))
                raise OutOfOrder(
                    "The batch",
                    say("lot {lot} is packed with {others} alone", lot=lot, others=others),
                )


def deliver(*, site: str, shares: int, at: datetime, by: str = "") -> tuple[str, ...]:
    """Send a balanced consignment to a site: `shares` kits per unit of each arm's ratio.

    The kits come from the packed batches, those that expire first first. Where no batch was
    ever packed, a demonstration packs them on the way. Returns the kit codes in alphabetical
    order, which is unrelated to their content.

    Raises:
        OutOfOrder: the depot holds too few.

    """
    with vault_transaction("consignments", f"site/{site}"):
        made = current()
        holds.let_expire(at)
        if PackagingBatch.objects.using(DATABASE).exists() or made.label == "live":
            codes = _from_depot(made, site, shares)
        else:
            codes = kits.make(made, shares=shares, site=DEPOT, batch="", at=at)
        return _send(made, codes, origin=DEPOT, site=site, key="", at=at)


def consign(*, site: str, shares: int, by: str, at: datetime) -> tuple[str, ...]:
    """The same, asked for by a person: it is noted."""
    codes = deliver(site=site, shares=shares, at=at, by=by)
    lots.note_reading("consigned", by, at, site=site, kits=" ".join(codes))
    return codes


def _from_depot(made: Ceremony, site: str, shares: int) -> list[str]:
    ratio = _ratio(made)
    found: list[str] = []
    batches = PackagingBatch.objects.using(DATABASE).order_by("expires_on", "packed_at", "pk")
    missing = shares
    for batch in batches:
        free = Kit.objects.using(DATABASE).filter(batch=batch.code, site=DEPOT, valid=True)
        here = min(missing, free.count() // sum(ratio.values()))
        found += _balanced(list(free.order_by("code")), ratio, here)
        missing -= here
        if not missing:
            return found
    why = f"the depot holds {shares - missing} shares that may be sent; pack a batch first"
    raise OutOfOrder(
        say("The consignment of {shares} shares to site {site}", shares=shares, site=site), why
    )


def _ratio(made: Ceremony) -> dict[str, int]:
    configuration = made.configuration
    return dict(zip(configuration["arms"], map(int, configuration["ratio"]), strict=True))


def _balanced(free: list[Kit], ratio: dict[str, int], shares: int) -> list[str]:
    """The first kits by code of each arm, as many as `shares` of it."""
    wanted = {arm: number * shares for arm, number in ratio.items()}
    found = []
    for kit in free:
        if not any(wanted.values()):
            break
        arm = kits.arm_in(kit)
        if wanted[arm]:
            wanted[arm] -= 1
            found.append(kit.code)
    return found


def _send(
    made: Ceremony, codes: Sequence[str], *, origin: str, site: str, key: str, at: datetime
) -> tuple[str, ...]:
    number = Consignment.objects.using(DATABASE).count()
    code = f"C-{kit_code(_bytes(made, 'consignment', number))}"
    told = sorted(codes)
    Consignment.objects.using(DATABASE).create(
        code=code, origin=origin, site=site, kits=told, key=key or code, at=at
    )
    rows = Kit.objects.using(DATABASE).filter(code__in=told)
    if origin == DEPOT:
        rows.update(site=site, consignment=code, delivered_at=at)
    else:
        rows.update(site=site, consignment=code)
    return tuple(told)


def transfer(*, site: str, to: str, shares: int, key: str, at: datetime) -> tuple[str, ...]:
    """Move free kits to another site, balanced; the codes are drawn here and not chosen there.

    Raises:
        OutOfOrder: too few shares to hide which kits differ, or no other site.
        OutOfStock: the site could not serve every arm with what would be left.
        KeyReused.

    """
    if shares < LEAST_TRANSFERRED or site == to:
        why = f"it needs another site, and at least {LEAST_TRANSFERRED} shares"
        raise OutOfOrder(say("The transfer from site {site}", site=site), why)
    with vault_transaction("consignments", *sorted((f"site/{site}", f"site/{to}"))):
        known = Consignment.objects.using(DATABASE).filter(key=key).first()
        if known is not None:
            if (known.origin, known.site) != (site, to):
                raise KeyReused(key)
            return tuple(known.kits)
        made = current()
        codes = _from_site(_ratio(made), site, shares)
        return _send(made, codes, origin=site, site=to, key=key, at=at)


def _from_site(ratio: dict[str, int], site: str, shares: int) -> list[str]:
    """Free kits of a site, balanced within each batch, so that batches stay balanced there."""
    if kits.lowest_stock(site) < shares * max(ratio.values()):
        raise OutOfStock(site)
    found: list[str] = []
    missing = shares
    here = Kit.objects.using(DATABASE).filter(site=site)
    for batch in here.order_by("batch").values_list("batch", flat=True).distinct():
        mine = here.filter(batch=batch)
        used = mine.exclude(participant="", valid=True).count()
        whole = mine.count() // sum(ratio.values())
        spare = max(0, (whole * min(ratio.values()) - used) // max(ratio.values()))
        part = min(missing, spare)
        free = mine.filter(participant="", valid=True).order_by("code")
        found += _balanced(list(free), ratio, part)
        missing -= part
    if missing:
        raise OutOfStock(site)
    return found


def _bytes(made: Ceremony, what: str, number: int) -> bytes:
    words = f"{made.label}/{made.study}/{made.digest}/{what}/{number}"
    return hmac.new(seed_of(made), words.encode(), hashlib.sha256).digest()


def sent(*, site: str, at: datetime) -> tuple[str, ...]:
    """The codes of every kit that was sent to a site, sorted: what it compares a delivery with."""
    rows = Kit.objects.using(DATABASE).filter(site=site)
    return tuple(rows.order_by("code").values_list("code", flat=True))
