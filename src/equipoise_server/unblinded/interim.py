"""The interim analysis: conducted by the board's statistician, read by letters, decided by the board.

The data come frozen from the blinded side; this process reads no record. What a letter is, no
page tells but the last one here, to two persons of the board with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import EquipoiseError, ReasonRequired, SamePerson, TwoPersonsRequired
from equipoise_server.allocator import asking
from equipoise_server.allocator.asking import Secret
from equipoise_server.allocator.interim_names import DECISIONS, MEMBER, STATISTICIAN
from equipoise_server.store.models import InterimCut
from equipoise_server.unblinded import devices, frame, words
from equipoise_server.unblinded.frame import Desk, page_for, render
from equipoise_server.unblinded.words import DECISIONS as CHOICES

CONDUCT, DECIDE, OPEN = "conduct interim", "decide interim", "open letters"
ADVICE: dict[str, str | Promise] = {
    "continue": _("go on"),
    "efficacy": _("boundary crossed: it does better"),
    "harm": _("boundary crossed: it does worse"),
    "futility": _("stopping for futility is advised"),
}
RECOMMENDED: dict[str, str | Promise] = {
    "continue": _(
        "Whichever letter is the experimental group, no boundary is crossed and stopping for "
        "futility is not advised: by the rule the trial goes on."
    ),
    "futility": _(
        "Whichever letter is the experimental group, conditional power is below the limit: by "
        "the rule stopping for futility is advised. The advice binds nobody."
    ),
    "crossed": _(
        "The boundary is crossed. Whether for or against the experimental group depends on the "
        "letters."
    ),
    "depends": _(
        "What the rule advises depends on which letter is the experimental group: see each "
        "reading. Two persons of the board can open the letters."
    ),
    "not-estimable": _("A comparison cannot be estimated from these data."),
}
_CROSSED = ("efficacy", "harm")


@sensitive_post_parameters("pin", "second_pin")
@require_http_methods(["GET", "POST"])
@page_for("interim")
def interim(here: Desk) -> HttpResponse:
    """Every planned look, and what can be done about it."""
    problem: EquipoiseError | None = None
    if here.request.method == "POST":
        try:
            return _STEPS.get(here.request.POST.get("step", ""), _unknown)(here)
        except EquipoiseError as refusal:
            problem = refusal
    told = {one["look"]: one for one in here.me.ask("interims", {})}
    frozen = {row.look: row for row in InterimCut.objects.all()}
    roles = set(here.me.roles)
    context = {
        "planned": _planned(here),
        "rows": [_shown(one) for one in told.values()],
        "waiting": [_waiting(row) for look, row in sorted(frozen.items()) if look not in told],
        "conducts": bool(roles & STATISTICIAN),
        "decides": bool(roles & MEMBER),
        "newest": max(told, default=0),
        "choices": [(name, CHOICES[name]) for name in DECISIONS],
        "reason": here.request.POST.get("reason", ""),
        "second": here.request.POST.get("second", ""),
        "done": here.request.GET.get("done", ""),
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/interim.html", context, status=status)


def _unknown(here: Desk) -> HttpResponse:
    raise Http404


def _planned(here: Desk) -> dict[str, Any] | None:
    """What the protocol plans, in numbers for the page."""
    plan = here.study.protocol.analysis
    if plan.interim is None:
        return None
    return {
        "looks": [f"{100 * one:g} %" for one in plan.interim.information[:-1]],
        "spending": plan.interim.spending,
        "futility": plan.interim.futility_conditional_power,
        "minimum_day": plan.interim.minimum_day,
        "estimand": plan.interim.estimand or plan.sequence[0],
    }


def _waiting(row: InterimCut) -> dict[str, Any]:
    """Frozen data that nobody has analysed yet. Pooled."""
    cut = json.loads(row.document)
    kept = {name: cut[name] for name in ("unit", "information", "planned")}
    percent = 100 * cut["information"] / cut["planned"]
    people = len(cut["participants"])
    return {**kept, "look": row.look, "at": row.at, "percent": percent, "participants": people}


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """One look in words and rounded numbers."""
    found = told["found"]
    return {
        **told,
        "at": datetime.fromisoformat(told["at"]),
        "frozen_at": datetime.fromisoformat(told["frozen_at"]),
        "decisions": [
            (CHOICES[decision], by, datetime.fromisoformat(at))
            for decision, by, at in told["decisions"]
        ],
        "found": found,
        "measure": words.MEASURES.get(found["measure"], found["measure"]),
        "percent": 100 * found["fraction"],
        "limit": 100 * found["futility"] if found["futility"] is not None else None,
        "groups": found["groups"],
        "comparisons": [_comparison(one) for one in found["comparisons"]],
        "recommended": RECOMMENDED[
            "crossed" if found["recommendation"] in _CROSSED else found["recommendation"]
        ],
    }


def _comparison(one: Mapping[str, Any]) -> dict[str, Any]:
    z = one["readings"][0]["z"] if one["readings"] else None
    return {
        **one,
        "z": z,
        "readings": [
            {
                **reading,
                "design": 100 * reading["power_design"],
                "trend": 100 * reading["power_trend"],
                "words": ADVICE[reading["advice"]],
            }
            for reading in one["readings"]
        ],
    }


def _conduct(here: Desk) -> HttpResponse:
    row = InterimCut.objects.filter(look=_look(here)).first()
    if row is None:
        raise Http404
    about = {"cut": row.document, "head": row.head, "frozen_at": row.at.isoformat()}
    return _proved(here, CONDUCT, about, {"look": str(row.look)}, "conducted")


def _decide(here: Desk) -> HttpResponse:
    decision = here.request.POST.get("decision", "")
    if decision not in DECISIONS:
        raise ReasonRequired("A decision of the board")
    about = {"look": _look(here), "decision": decision}
    kept = {"look": str(about["look"]), "decision": decision}
    return _proved(here, DECIDE, about, kept, "decided")


def _look(here: Desk) -> int:
    typed = here.request.POST.get("look", "")
    if not typed.isdecimal() or len(typed) > 3:
        raise Http404
    return int(typed)


def _proved(
    here: Desk, step: str, about: Mapping[str, Any], kept: Mapping[str, str], done: str
) -> HttpResponse:
    """Carry a step out under a fresh proof: a PIN, or a passkey that signs on a page of its own."""
    posted, name = here.request.POST, here.me.name
    signed = devices.signed(posted)
    if signed is not None:
        asking.with_passkey(name, step, about, signed)
    elif devices.ASKED in posted:
        shown = {"person": name, "step": step, **kept}
        return devices.confirm(here, step, about, shown, "interim")
    else:
        secret = Secret(person=name, kind="pin", typed=posted.get("pin", ""))
        asking.with_secret(secret, step, about)
    return HttpResponseRedirect(f"{reverse('interim')}?done={done}")


def _open(here: Desk) -> HttpResponse:
    """Which arm each letter is, once, to two persons of the board."""
    posted, name = here.request.POST, here.me.name
    reason, other = posted.get("reason", "").strip()[:1000], posted.get("second", "").strip()
    if not reason:
        raise ReasonRequired("Opening the letters")
    if not other:
        raise TwoPersonsRequired("Opening the letters")
    if other == name:
        raise SamePerson("Opening the letters")
    about = {"reason": reason}
    second = Secret(person=other, kind="pin", typed=posted.get("second_pin", ""))
    checked = asking.second(second, OPEN, about, first=name)
    secret = Secret(person=name, kind="pin", typed=posted.get("pin", ""))
    told = asking.with_secret(secret, OPEN, about, second=checked)
    letters = [(letter, here.arm_text(arm)) for letter, arm in sorted(told.items())]
    context = {"letters": letters, "second": other, "reason": reason, "at": datetime.now(UTC)}
    return render(here, "unblinded/letters.html", context)


_STEPS: dict[str, Callable[[Desk], HttpResponse]] = {
    CONDUCT: _conduct,
    DECIDE: _decide,
    OPEN: _open,
}
