"""How the blinded side asks about kits: one message each, the same for whatever is in them.

And how a demonstration, which has the allocator's rehearsal door, acts as its depot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from equipoise_server.allocator import client


def replace(*, participant: str, site: str, kit: str, key: str, at: datetime) -> str:
    """The code of another kit for the participant, instead of one that cannot be used."""
    given = {"participant": participant, "site": site, "kit": kit, "key": key, "at": at}
    return str(client.ask("replace", **given))


def not_valid(*, site: str, at: datetime) -> tuple[str, ...]:
    """The codes of the site's kits that may not be used, sorted; not why."""
    return tuple(client.ask("not_valid", site=site, at=at))


def sent(*, site: str, at: datetime) -> tuple[str, ...]:
    """The codes of every kit that was sent to a site, sorted."""
    return tuple(client.ask("sent", site=site, at=at))


def transfer(*, site: str, to: str, shares: int, key: str, at: datetime) -> tuple[str, ...]:
    """Move a balanced set of free kits to another site; returns their codes, sorted."""
    given: dict[str, Any] = {"site": site, "to": to, "shares": shares, "key": key, "at": at}
    return tuple(client.ask("transfer", **given))


def withdraw_kits(*, site: str, kits: Sequence[str], at: datetime) -> None:
    """Kits of the stock that are damaged or lost: they are not given out any more."""
    client.ask("withdraw_kits", site=site, kits=list(kits), at=at)


def make_lot(
    *,
    lot: str,
    product: str,
    made_on: str,
    expires_on: str,
    papers: Mapping[str, str],
    by: str,
    at: datetime,
) -> None:
    """Enter a lot; `papers`: its scale, passage and storage."""
    dates = {"made_on": made_on, "expires_on": expires_on}
    client.ask("make_lot", lot=lot, product=product, **dates, **papers, by=by, at=at)


def certify_lot(
    *, lot: str, results: Mapping[str, float | str], by: str, at: datetime, reason: str = ""
) -> None:
    """Enter results of a lot's release tests."""
    given: dict[str, Any] = {"lot": lot, "results": dict(results), "reason": reason}
    client.ask("certify_lot", **given, by=by, at=at)


def release_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Release a lot whose certificate is within the limits."""
    client.ask("release_lot", lot=lot, reason=reason, by=by, at=at)


def quarantine_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Hold a lot and its batches."""
    client.ask("quarantine_lot", lot=lot, reason=reason, by=by, at=at)


def lift_quarantine(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """End the quarantine of a lot."""
    client.ask("lift_quarantine", lot=lot, reason=reason, by=by, at=at)


def recall_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Take a lot and its batches back for good."""
    client.ask("recall_lot", lot=lot, reason=reason, by=by, at=at)


def pack(*, lots: Sequence[str], shares: int, by: str, at: datetime) -> str:
    """Pack a batch from one released lot of each product; returns its code."""
    return str(client.ask("pack", lots=list(lots), shares=shares, by=by, at=at))


def report_excursion(*, by: str, at: datetime, **given: str | float) -> str:
    """Enter an excursion; its kits are held. Returns its code."""
    return str(client.ask("report_excursion", **given, by=by, at=at))


def decide_excursion(*, excursion: str, decision: str, reason: str, by: str, at: datetime) -> None:
    """Decide on an excursion: `use` or `destroy`."""
    given = {"excursion": excursion, "decision": decision, "reason": reason}
    client.ask("decide_excursion", **given, by=by, at=at)


def lots_of_kits(*, by: str, at: datetime) -> dict[str, str]:
    """Lot by kit code."""
    return dict(client.ask("lots_of_kits", by=by, at=at))


def batches(*, by: str, at: datetime) -> list[dict[str, Any]]:
    """Every packaging batch."""
    return list(client.ask("batches", by=by, at=at))
