"""The permission table, written out once more: which kind of page lies behind which address.

`None` is open to everybody. An address that is missing here fails the tests: whoever adds one
says who may open it. `FILL` gives a value for each named part of an address.
"""

from __future__ import annotations

EVERYBODY: tuple[str, ...] = (
    "programs:api-root",
    "programs:openapi-json",
    "entry:rules",
    "people:invitation",
    "public:code",
    "public:contact",
    "public:detail",
    "public:fhir",
    "public:fits",
    "public:listing",
    "public:proof",
    "public:record",
    "public:refer",
    "public:sitemap",
    "public:status",
    "public:study",
    "shared:enrol",
    "shared:home",
    "shared:passkey",
    "shared:passkey-options",
    "shared:second-factor",
    "shared:sign-in",
    "shared:sign-out",
    "volunteer:change-note",
    "volunteer:choose",
    "volunteer:confirm",
    "volunteer:consent",
    "volunteer:enter",
    "volunteer:erase",
    "volunteer:export",
    "volunteer:mailed",
    "volunteer:note",
    "volunteer:save",
    "volunteer:sign-in",
    "volunteer:sign-out",
    "volunteer:space",
    "volunteer:start",
    "volunteer:stop",
)

BY_KIND: dict[str, tuple[str, ...]] = {
    "site work": (
        "entry:act",
        "entry:dose",
        "entry:draft",
        "entry:form",
        "entry:new",
        "entry:next",
        "entry:stop",
        "entry:watch",
        "entry:work",
        "site:day",
    ),
    "participants": (
        "programs:form",
        "programs:heads",
        "programs:participant",
        "programs:participants",
        "programs:queries",
        "programs:record",
        "programs:study",
        "site:matrix",
        "site:participant",
        "site:participants",
        "site:record",
    ),
    "cleaning": ("data:ask", "data:queries", "data:query"),
    "stock": ("supply:account", "supply:act", "supply:labels", "supply:sites", "supply:stock"),
    "coding": ("data:code", "data:coding"),
    "transfers": ("data:preview", "data:transfers"),
    "verification": ("data:compare", "data:verification"),
    "deviations": ("data:deviation", "data:deviations", "data:report"),
    "contacts": ("office:contact", "office:contacts"),
    "public side": ("office:portal",),
    "questions": ("office:questions",),
    "office": ("office:day",),
    "recruitment": ("office:flow", "office:recruitment"),
    "staff": (
        "office:staff",
        "people:appoint",
        "people:demand-training",
        "people:end",
        "people:invite",
        "people:members",
        "people:record-training",
        "people:reset",
        "people:withdraw",
    ),
    "people": ("people:home",),
    "role history": ("people:roles", "people:roles-csv"),
    "delegation log": ("people:delegations", "people:end-delegation", "people:log"),
    "trainings": ("people:trainings",),
    "signed in": ("people:confirm", "people:factors", "people:me", "people:password"),
    "amendments": ("finalise:amendment", "finalise:amendments", "finalise:board"),
    "locking": ("finalise:checklist", "finalise:locks"),
    "agreeing": ("finalise:proposal", "finalise:proposals"),
    "redacting": ("finalise:redact",),
    "signing": ("finalise:sign", "finalise:signatures"),
    "statistics": ("results:day",),
    "results": ("results:file", "results:results"),
    "unblinded side": ("shared:elsewhere",),
}

EXPECTED: dict[str, str | None] = {
    **dict.fromkeys(EVERYBODY),
    **{name: kind for kind, names in BY_KIND.items() for name in names},
}

PROGRAMS = "programs:"
"""Answered by tokens, not by sessions: their own tests say what each token opens."""

NARROWER = ("entry:new",)
"""Pages that ask for the permission of their step beyond that of their kind."""

FILL: dict[str, object] = {
    "form": "screening",
    "visit": "screen",
    "number": 0,
    "item": "age",
    "who": "S01-AAAAA-AAAAA",
    "action": "withdraw",
    "act": "receive",
    "kit": "AAAA-AAAA",
    "rule": "visits",
    "name": "results.json",
    "study": "three-arms",
    "link": "x",
    "signed": "x",
    "token": "x",
}
PLACES: dict[str, dict[str, object]] = {
    "own": {"code": "S01-AAAAA-AAAAA", "who": "S01-AAAAA-AAAAA", "site": "s01"},
    "other": {"code": "S02-BBBBB-BBBBB", "who": "S02-BBBBB-BBBBB", "site": "s02"},
}
