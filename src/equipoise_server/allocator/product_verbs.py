"""The messages about products: which the blinded door has, and which need a proved person.

A row of `ASKED` is what the unblinded door carries out for somebody who has proved who they
are; the name, the time and the roles come from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from equipoise_server.allocator import (
    consignments,
    excursions,
    holds,
    lots,
    product_views,
    register,
    replacing,
)
from equipoise_server.allocator.asked import Asked

BLINDED: dict[str, Callable[..., Any]] = {
    "not_valid": holds.not_valid,
    "replace": replacing.replace,
    "sent": consignments.sent,
    "transfer": consignments.transfer,
    "withdraw_kits": holds.withdraw_kits,
}
UNBLINDED: dict[str, Callable[..., Any]] = {
    "make_lot": lots.make_lot,
    "certify_lot": lots.certify_lot,
    "release_lot": lots.release_lot,
    "quarantine_lot": lots.quarantine_lot,
    "lift_quarantine": lots.lift_quarantine,
    "recall_lot": lots.recall_lot,
    "lots": lots.lots,
    "lot": lots.lot,
    "pack": consignments.pack,
    "consign": consignments.consign,
    "report_excursion": excursions.report_excursion,
    "decide_excursion": excursions.decide_excursion,
    "excursions": excursions.excursions,
    "batches": product_views.batches,
    "kit": product_views.kit,
    "kits_at": product_views.kits_at,
    "lots_of_kits": product_views.lots_of_kits,
}
"""Each takes `by` (a username) and `at`; for the embedded allocator and the tests."""
DECISIONS = frozenset(
    {"release_lot", "quarantine_lot", "lift_quarantine", "recall_lot", "decide_excursion"}
)
"""What a session alone may not decide: whoever does proves themselves anew."""
PHARMACY = frozenset({"pharmacist", "unblinded monitor"})


def _row(verb: str) -> Callable[[Asked], Any]:
    def do(asked: Asked) -> Any:
        return UNBLINDED[verb](**asked.about, by=asked.person, at=asked.at)

    return do


def _kit(asked: Asked) -> Any:
    found = product_views.kit(kit=asked.text("kit"), by=asked.person, at=asked.at)
    register.require(asked.held, PHARMACY, "see a kit of this site", found["site"])
    return found


def _kits_at(asked: Asked) -> Any:
    site = asked.text("site")
    register.require(asked.held, PHARMACY, "see the kits of this site", site)
    return product_views.kits_at(site=site, by=asked.person, at=asked.at)


ASKED: dict[str, Callable[[Asked], Any]] = {
    **{verb: _row(verb) for verb in UNBLINDED},
    "kit": _kit,
    "kits_at": _kits_at,
}
