"""Temperatures outside the storage condition: what was exposed is held until two have looked."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from equipoise.errors import (
    OutOfOrder,
    ReasonRequired,
    TwoPersonsRequired,
    UnknownRecord,
    listed,
    say,
)
from equipoise.ids import kit_code
from equipoise_server.allocator import holds
from equipoise_server.allocator.ceremony import current, seed_of
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.lots import note_reading
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Excursion, Kit

DECISIONS = ("use", "destroy")
WHY = "excursion"


def report_excursion(
    *,
    site: str = "",
    batch: str = "",
    consignment: str = "",
    began: str,
    ended: str,
    lowest: float,
    highest: float,
    by: str,
    at: datetime,
) -> str:
    """Enter an excursion of a site's store, a batch or a consignment; its kits are held.

    `began`, `ended`: ISO 8601 moments. Temperatures in degrees Celsius. Returns its code.

    Raises:
        OutOfOrder: not exactly one place, or an end before the beginning.
        UnknownRecord: no kit is there.

    """
    if sum(map(bool, (site, batch, consignment))) != 1:
        raise OutOfOrder("The excursion", "it needs a site, a batch or a consignment")
    if _moment(ended) < _moment(began) or highest < lowest:
        raise OutOfOrder("The excursion", "its end or its highest temperature is before the other")
    with vault_transaction():
        exposed = _exposed(site, batch, consignment)
        codes = list(exposed.filter(valid=True).order_by("code").values_list("code", flat=True))
        if not exposed.exists():
            raise UnknownRecord(say("kit in {site}", site=site or batch or consignment))
        code = _code()
        Excursion.objects.using(DATABASE).create(
            code=code,
            site=site,
            batch=batch,
            consignment=consignment,
            began=began,
            ended=ended,
            lowest=lowest,
            highest=highest,
            reported_by=by,
            reported_at=at,
        )
        for kit in codes:
            holds.hold("kit", kit, why=WHY, source=code, at=at)
        where = {"site": site, "batch": batch, "consignment": consignment}
        note("excursion", by=by, at=at, payload={"excursion": code, "kits": len(codes), **where})
        return code


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise OutOfOrder(
            "The excursion", say("{text} is no date and time", text=repr(text))
        ) from problem
    if found.tzinfo is None:
        raise OutOfOrder("The excursion", say("{text} has no time zone", text=repr(text)))
    return found


def _exposed(site: str, batch: str, consignment: str) -> QuerySet[Kit]:
    rows = Kit.objects.using(DATABASE)
    if site:
        return rows.filter(site=site)
    return rows.filter(batch=batch) if batch else rows.filter(consignment=consignment)


def _code() -> str:
    made = current()
    number = Excursion.objects.using(DATABASE).count()
    words = f"{made.label}/{made.study}/{made.digest}/excursion/{number}"
    return f"E-{kit_code(hmac.new(seed_of(made), words.encode(), hashlib.sha256).digest())}"


def decide_excursion(*, excursion: str, decision: str, reason: str, by: str, at: datetime) -> None:
    """Decide, once, for all kits that were exposed, whatever is in them: `use` or `destroy`.

    Raises:
        TwoPersonsRequired: who reported it may not decide.
        OutOfOrder: decided before, or no such decision.
        ReasonRequired, UnknownRecord.

    """
    if decision not in DECISIONS:
        raise OutOfOrder(
            "The decision", say("it is one of {decisions}", decisions=listed(DECISIONS))
        )
    if not reason.strip():
        raise ReasonRequired("The decision on an excursion")
    with vault_transaction():
        found = Excursion.objects.using(DATABASE).filter(code=excursion).first()
        if found is None:
            raise UnknownRecord(say("excursion {excursion}", excursion=excursion))
        if found.decision:
            raise OutOfOrder(
                "The decision", say("it was decided to {decision}", decision=found.decision)
            )
        if found.reported_by == by:
            raise TwoPersonsRequired("The decision on an excursion")
        Excursion.objects.using(DATABASE).filter(pk=found.pk).update(
            decision=decision, decided_by=by, reason=reason
        )
        if decision == "use":
            holds.lift(source=excursion, why=WHY, at=at)
        payload = {"excursion": excursion, "decision": decision, "reason": reason}
        note("excursion decided", by=by, at=at, payload=payload)


def excursions(*, by: str, at: datetime) -> list[dict[str, Any]]:
    """Every excursion, newest first."""
    note_reading("excursions shown", by, at)
    rows = Excursion.objects.using(DATABASE).order_by("-pk").values()
    return [
        {
            **{name: value for name, value in row.items() if name not in ("id", "code")},
            "excursion": row["code"],
            "reported_at": row["reported_at"].isoformat(),
        }
        for row in rows
    ]
