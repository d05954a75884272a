"""Which roles may open which kind of page. One table; whoever is not in it may not.

Services check every write themselves; this table decides what can be read.
"""

from __future__ import annotations

from equipoise.protocol.roles import SITE_STAFF, UNBLINDED
from equipoise_server.services.access.permissions import ALLOWED

OFFICE = ("monitor", "data manager", "sponsor", "administrator")
UNBLINDED_SIDE = UNBLINDED

READERS: dict[str, tuple[str, ...]] = {
    "site work": SITE_STAFF,
    "participants": ALLOWED["read participants"],
    "records": ALLOWED["read records"],
    "cleaning": (*SITE_STAFF, "monitor", "data manager"),
    "verification": ("monitor", "data manager"),
    "coding": ALLOWED["code a term"],
    "deviations": (*SITE_STAFF, "monitor", "data manager", "sponsor"),
    "transfers": ALLOWED["import results"],
    "stock": (*SITE_STAFF, "monitor", "data manager"),
    "exports": (*ALLOWED["export"], *ALLOWED["copy a site"]),
    "signing": ("investigator", "monitor", "data manager"),
    "locking": ("investigator", "monitor", "data manager", "sponsor", "statistician"),
    "agreeing": ("investigator", "data manager", "sponsor", "statistician"),
    "redacting": ("data manager",),
    "amendments": (*SITE_STAFF, *OFFICE, "statistician"),
    "board": (*SITE_STAFF, *OFFICE, "statistician", "safety-board member"),
    "interim": ("data manager", "statistician", "sponsor"),
    "office": OFFICE,
    "recruitment": (*SITE_STAFF, *OFFICE, "statistician"),
    "staff": ("administrator",),
    "contacts": ALLOWED["read enquiries"],
    "questions": ALLOWED["answer a question"],
    "public side": (*OFFICE, "coordinator", "investigator"),
    "consenting": ALLOWED["consent"],
    "summary": OFFICE,
    "people": (*SITE_STAFF, *OFFICE),
    "role history": OFFICE,
    "delegation log": (*SITE_STAFF, "monitor", "administrator"),
    "trainings": (*SITE_STAFF, *OFFICE),
    "statistics": ("statistician",),
    "results": ("statistician", "data manager", "sponsor", "monitor", "investigator"),
    "images": (*SITE_STAFF, "monitor", "data manager"),
    "reading": ALLOWED["read an image"],
    "unblindings": ("investigator", "sponsor"),
    "unblinded side": UNBLINDED_SIDE,
    "signed in": (*SITE_STAFF, *OFFICE, "statistician", *UNBLINDED_SIDE, "image reader"),
}

HOMES = (
    (SITE_STAFF, "site:day"),
    (OFFICE, "office:day"),
    (("statistician",), "results:day"),
    (("image reader",), "imaging:worklist"),
    (UNBLINDED_SIDE, "shared:elsewhere"),
)
"""The first page of a role. Somebody with several roles gets the first that fits."""
