"""When product runs short, and how much is sent: the `supply` section of `protocol.yaml`."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import with_config

from equipoise.protocol.visits import STRICT

MOST = 10_000


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPlan:
    """Thresholds of the stock of a site. They count kits, whatever is in them.

    With fewer free kits than `low_kits` the site's page asks for a delivery. A site that could
    serve fewer than `low_participants` more, whatever their arms, is named to the trial office,
    and a simulated depot sends `consignment_shares`: so many kits for each unit of each arm's
    ratio. How long a thawed unit may be used is `dosing.in_use_hours`.
    """

    low_kits: int = 8
    low_participants: int = 2
    consignment_shares: int = 4

    def __post_init__(self) -> None:
        for name in ("low_kits", "low_participants", "consignment_shares"):
            if not 1 <= getattr(self, name) <= MOST:
                raise ValueError(f"`{name}` lies between 1 and {MOST}")
        if self.consignment_shares < self.low_participants:
            raise ValueError(
                "`consignment_shares` is at least `low_participants`, or stock stays low"
            )


USUAL = SupplyPlan()
