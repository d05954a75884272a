"""What an amendment changes, how older records are read, what its rehearsal found: in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from equipoise.protocol.model import Study
from equipoise_server.store.queries.finalising import AmendmentFacts
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.words import Badge, Words

CLASSES: dict[str, Badge] = {
    "needs-reconsent": Badge(icon="alert", label=_("people agree anew"), tone="bad"),
    "changes-meaning": Badge(icon="question", label=_("changes the meaning"), tone="warn"),
    "collects-more": Badge(icon="document", label=_("collects more"), tone="info"),
    "cosmetic": Badge(icon="check", label=_("words only"), tone="good"),
}
KINDS: dict[str, Words] = {
    "added": _("added"),
    "removed": _("removed"),
    "changed": _("changed"),
}
STEPS: dict[str, Words] = {
    "add": _("new item"),
    "retire": _("no longer asked"),
    "rename": _("another name"),
    "recode": _("other codes"),
    "convert": _("another unit"),
}
LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A rehearsal in figures; `rows`: estimand, method, power and its Monte Carlo error in per cent."""

    scenario: str
    effect: str
    trials: int
    participants: int
    days: int
    rows: tuple[tuple[str, str, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """One difference in words; `about`: what it is about as people call it, `path`: its place."""

    about: str
    path: str
    kind: Words
    badge: Badge
    before: str
    after: str


def changes(found: AmendmentFacts, old: Study, new: Study, language: str) -> list[ShownChange]:
    """Every difference, those first that people have to agree to, mere words last."""
    order = list(CLASSES)
    every = sorted(found.changes, key=lambda one: order.index(one["class"]))
    return [
        ShownChange(
            about=_about(one["path"].split("."), (new, old), language),
            path=one["path"],
            kind=KINDS[one["kind"]],
            badge=CLASSES[one["class"]],
            before=_short(one["before"], language),
            after=_short(one["after"], language),
        )
        for one in every
    ]


def counted(shown: Iterable[ShownChange]) -> list[tuple[Badge, int]]:
    """How many differences there are of each class that has some, the most serious first."""
    every = [one.badge for one in shown]
    return [(badge, every.count(badge)) for badge in CLASSES.values() if badge in every]


def _about(steps: list[str], versions: tuple[Study, Study], language: str) -> str:
    """The form and item, or the visit, that a place in the study folder is about."""
    if len(steps) > 1 and steps[0] == "forms":
        study = next((one for one in versions if steps[1] in one.forms), versions[0])
        title = form_title(study, steps[1], language)
        named = steps[steps.index("items") + 1] if "items" in steps[:-1] else ""
        for one in versions:
            form = one.forms.get(steps[1])
            item = form.item(named) if form and named else None
            if item:
                return f"{title} · {item.text.say(language)}"
        return title
    if len(steps) > 2 and steps[:2] == ["protocol", "visits"]:
        titles = [str(visit_title(one, steps[2], language)) for one in versions]
        return next((one for one in titles if one != steps[2]), steps[2])
    return ""


def _short(value: object, language: str) -> str:
    """A value in few words: the text of a thing that has one, else its data."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = value.get("text") or value.get("title") or value
        if isinstance(text, Mapping) and "en" in text:
            value = str(text.get(language) or text["en"])
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def rehearsed(told: Mapping[str, Any]) -> Rehearsed | None:
    """What a rehearsal found, if it is told in full."""
    if not {"scenario", "effect", "trials", "participants", "results", "duration_days"} <= set(
        told
    ):
        return None
    return Rehearsed(
        scenario=str(told["scenario"]),
        effect=f"{told['effect']:g}",
        trials=int(told["trials"]),
        participants=int(told["participants"]),
        days=round(told["duration_days"]["median"]),
        rows=tuple(
            (one["estimand"], one["method"], 100 * one["power"], 100 * one["mc_error"])
            for one in told["results"]
        ),
    )


def lenses(found: AmendmentFacts) -> list[tuple[str, Words, str, str]]:
    """Form, what happened, the item, and its new name where it has one."""
    return [
        (form["form"], STEPS[kind], step[kind], step.get("to") or "")
        for lens in found.lenses
        for form in lens.get("forms", ())
        for step in form["steps"]
        for kind in STEPS
        if step.get(kind)
    ]
