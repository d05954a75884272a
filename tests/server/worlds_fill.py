"""What the trial holds that fills the parameters of an address."""

from __future__ import annotations

from functools import cache
from typing import Any


def filled(name: str, parts: tuple[str, ...], site: str) -> dict[str, Any] | None:
    """The values for an address of this view, or None where the trial holds none."""
    if not parts:
        return {}
    known = dict(_known(site))
    if name in _OWN:
        own = _OWN[name]()
        if own is None:
            return None
        known |= own
    found = {part: known.get(part) for part in parts}
    return None if any(value is None for value in found.values()) else found


@cache
def _known(site: str) -> dict[str, Any]:
    """What most views mean by a parameter."""
    record = _record(site)
    known: dict[str, Any] = {
        "site": site or (record.participant.site_id if record else None),
        "study": _study(),
        "kit": _kit(site),
        "act": "receive",
        "action": "withdraw",
        "rule": _rule(),
        "name": "results.json",
    }
    if record is None:
        return known
    return known | {
        "code": record.participant_id,
        "who": record.participant_id,
        "form": record.form,
        "visit": record.visit,
        "number": record.number,
        "item": _item(record.form),
    }


def _record(site: str) -> Any:
    """The first saved record of the first randomised participant."""
    from equipoise_server.store.models import Record

    rows = Record.objects.exclude(participant__kit="").exclude(current="")
    if site:
        rows = rows.filter(participant__site=site)
    return rows.select_related("participant").order_by("participant_id", "form", "pk").first()


def _study() -> str:
    from equipoise_server.store import study

    return study.active().protocol.id


def _rule() -> str | None:
    from equipoise_server.store import study

    rules = study.active().signing.rules if hasattr(study.active(), "signing") else ()
    return next((one.id for one in rules), "visits")


def _kit(site: str) -> str | None:
    from equipoise_server.store.models import Kit

    rows = Kit.objects.filter(site=site) if site else Kit.objects.all()
    found = rows.order_by("pk").first()
    return None if found is None else found.pk


def _item(form: str) -> str:
    from equipoise_server.store import study

    return next(iter(study.active().forms[form].items())).id


def _first(model: str, part: str, field: str = "pk", alias: str = "default") -> Any:
    def value() -> dict[str, Any] | None:
        from django.apps import apps

        rows = apps.get_model(model).objects.using(alias)
        found = rows.order_by("pk").values_list(field, flat=True).first()
        return None if found is None else {part: found}

    return value


def _link(purpose: str, model: str, alias: str) -> Any:
    def value() -> dict[str, Any] | None:
        from django.apps import apps

        from equipoise_server.services.letters import links

        found = apps.get_model(model).objects.using(alias).order_by("pk").first()
        return None if found is None else {"signed": links.make(purpose, found.token)}

    return value


def _talk() -> dict[str, Any] | None:
    from equipoise_server.store.models import ConsentTalk

    found = ConsentTalk.objects.order_by("pk").first()
    return None if found is None else {"talk": found.token, "code": found.participant_id}


def _picture() -> dict[str, Any] | None:
    scan = _first("store.Scan", "scan")()
    return None if scan is None else scan | {"place": 0, "number": 0}


def _pictured() -> dict[str, Any] | None:
    """The record whose pictures are looked at."""
    from equipoise_server.store.models import Scan

    one = Scan.objects.order_by("pk").first()
    if one is None:
        return None
    return {"code": one.participant_id, "form": one.form, "visit": one.visit, "number": one.number}


def _kept() -> dict[str, Any] | None:
    image = _first("store.Image", "image")()
    return None if image is None else image | {"number": 0}


def _offered() -> dict[str, Any] | None:
    offer = _first("store.ImageOffer", "offer")()
    return None if offer is None else offer | {"number": 0}


_OWN = {
    "data:query": _first("store.Finding", "number"),
    "programs:query": _first("store.Finding", "number"),
    "programs:turn": _first("store.Finding", "number"),
    "data:deviation": _first("store.Deviation", "number"),
    "data:preview": _first("store.Upload", "number"),
    "finalise:amendment": _first("store.Amendment", "number", "number"),
    "finalise:proposal": _first("store.Proposal", "number"),
    "office:contact": _first("store.Enquiry", "token", "token"),
    "volunteer:change-note": _first("identity.Annotation", "token", "token", "identity"),
    "volunteer:confirm": _link("confirm", "identity.Volunteer", "identity"),
    "volunteer:enter": _link("enter", "identity.Volunteer", "identity"),
    "volunteer:stop": _link("stop", "identity.Volunteer", "identity"),
    "public:status": _link("status", "store.Enquiry", "default"),
    "consent:copy": _talk,
    "consent:problem": _first("store.ProblemReport", "problem", "token"),
    "consent:read": _link("consent", "store.ConsentTalk", "default"),
    "consent:sign": _talk,
    "consent:talk": _talk,
    "participant:copy": _first("store.ConsentTalk", "talk", "token"),
    "participant:day": lambda: {"number": 1},
    "participant:enter": lambda: {"signed": "forged"},
    "imaging:files": _pictured,
    "imaging:read": _first("store.Scan", "scan"),
    "imaging:picture": _picture,
    "imaging:kept": _kept,
    "imaging:review": _offered,
    "imaging:offered": _offered,
    "people:invitation": lambda: {"link": "forged"},
}
"""Parameters that mean something else in one view."""


def home() -> str:
    """The site of the first randomised participant."""
    from equipoise_server.store.models import Participant

    first = Participant.objects.exclude(kit="").order_by("code").first()
    return "" if first is None else str(first.site_id)


def person_of(role: str) -> tuple[Any, str | None]:
    """Somebody who holds a role, and where: for site staff the site that is looked at."""
    from equipoise_server.store.models import Membership

    held = Membership.objects.filter(role=role).select_related("user").order_by("user_id")
    found = held.filter(site_id=home()).first() or held.first()
    assert found is not None, role
    return found.user, found.site_id
