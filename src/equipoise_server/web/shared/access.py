"""Which roles may open which kind of page. One table; whoever is not in it may not.

Services check every write themselves; this table decides what can be read.
"""

from __future__ import annotations

from equipoise_server.services.permissions import ALLOWED, SITE_STAFF

OFFICE = ("monitor", "data manager", "sponsor", "administrator")
UNBLINDED_SIDE = (
    "pharmacist",
    "unblinded monitor",
    "safety-board statistician",
    "safety-board member",
)

READERS: dict[str, tuple[str, ...]] = {
    "site work": SITE_STAFF,
    "participants": ALLOWED["read participants"],
    "records": ALLOWED["read records"],
    "office": OFFICE,
    "recruitment": (*SITE_STAFF, *OFFICE, "statistician"),
    "staff": ("administrator",),
    "statistics": ("statistician",),
    "results": ("statistician", "data manager", "sponsor", "monitor", "investigator"),
    "unblinded side": UNBLINDED_SIDE,
    "signed in": (*SITE_STAFF, *OFFICE, "statistician", *UNBLINDED_SIDE),
}

HOMES = (
    (SITE_STAFF, "site:day"),
    (OFFICE, "office:day"),
    (("statistician",), "results:day"),
    (UNBLINDED_SIDE, "shared:elsewhere"),
)
"""The first page of a role. Somebody with several roles gets the first that fits."""
