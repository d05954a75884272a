"""A form as one page: answers in their fields, findings beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from equipoise.forms import FormFinding
from equipoise.forms.answers import OwnAnswers
from equipoise.forms.compiled import compiled
from equipoise.forms.findings import asks
from equipoise.forms.record import Value
from equipoise.protocol.model import Study
from equipoise_server.web.entry.browser import facts, rules_text
from equipoise_server.web.entry.plan import Field, Plan
from equipoise_server.web.entry.typed import Typed, shown
from equipoise_server.web.shared.values import value_text

_SAFE = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is drawn. `typed` is what the fields hold, `values` what was understood of it.

    `fixed`: items that masked readers give, so that nobody types them.
    `alert`: the findings answer something that was just sent, so they are announced.
    """

    study: Study
    plan: Plan
    language: str
    zone: str
    typed: Mapping[str, Typed]
    values: Mapping[str, Value]
    around: Mapping[str, object]
    findings: tuple[FormFinding, ...] = ()
    before: Mapping[str, Value] = field(default_factory=dict)
    alert: bool = False
    fixed: frozenset[str] = frozenset()


def draw(sheet: Sheet) -> SafeString:
    """The fields of the form."""
    slots: dict[str, str] = {"zone": escape(sheet.zone)}
    asked = asked_of(sheet)
    said = _said(sheet)
    for one in sheet.plan.fields:
        _answer(slots, one, sheet)
        trouble = said.get(one.id, "")
        slots[f"said.{one.id}"] = trouble
        slots[f"state.{one.id}"] = _state(asked[one.id], "msg hard" in trouble)
        if one.id in sheet.fixed:
            _fix(slots, one)
        if one.id in sheet.before:
            slots[f"before.{one.id}"] = _before(one, sheet)
    return sheet.plan.body.fill(slots)


def _state(asked: bool, wrong: bool) -> str:
    return ("" if asked else ' data-asked="false"') + (' data-wrong="true"' if wrong else "")


def _answer(slots: dict[str, str], one: Field, sheet: Sheet) -> None:
    if one.kind == "output":
        value = sheet.values.get(one.id)
        if value is not None:
            text = value_text(sheet.study, one.item, value, sheet.language, sheet.zone)
            slots[f"value.{one.id}"] = escape(text)
        return
    typed = sheet.typed.get(one.id, "")
    if one.kind in ("radio", "checks"):
        for code in (typed,) if isinstance(typed, str) else typed:
            slots[f"on.{one.id}.{code}"] = " checked"
    elif one.kind == "select" and isinstance(typed, str):
        slots[f"on.{one.id}.{typed}"] = " selected"
        if typed and all(option.code != typed for option in one.options):
            slots[f"value.{one.id}"] = f"<option selected>{escape(typed)}</option>"
    elif isinstance(typed, str) and typed:
        slots[f"value.{one.id}"] = escape(typed)


def _fix(slots: dict[str, str], one: Field) -> None:
    """Show the answer without a way to change it."""
    slots[f"fixed.{one.id}"] = " readonly"
    for option in one.options:
        name = f"on.{one.id}.{option.code}"
        slots[name] = f"{slots.get(name, '')} disabled"


def _before(one: Field, sheet: Sheet) -> str:
    text = value_text(sheet.study, one.item, sheet.before[one.id], sheet.language, sheet.zone)
    label = escape(_("last time"))
    return f'<span class="before">{label}: {escape(text)}</span>'


def _said(sheet: Sheet) -> dict[str, str]:
    """Findings per item as markup; those of no item under the empty name."""
    found: dict[str, str] = {}
    for one in sheet.findings:
        loud = sheet.alert and (one.severity == "hard" or asks(one))
        role = ' role="alert"' if loud else ""
        text = escape(one.message.say(sheet.language))
        item = one.item or ""
        found[item] = found.get(item, "") + f'<p class="msg {one.severity}"{role}>{text}</p>'
    return found


def general(findings: Iterable[FormFinding], language: str) -> tuple[str, ...]:
    """What is said about the form as a whole."""
    return tuple(one.message.say(language) for one in findings if one.item is None)


def asked_of(sheet: Sheet) -> dict[str, bool]:
    """Whether the skip logic asks each item now."""
    ready = compiled(sheet.study.protocol, sheet.plan.form)
    skips = [one for one in ready.items if one.shown_if]
    if not skips:
        return dict.fromkeys((one.id for one in ready.items), True)
    known = OwnAnswers(sheet.study.protocol, ready, sheet.values, sheet.around)
    asked = dict.fromkeys((one.id for one in ready.items), True)
    asked.update({one.id: known.asked(one) for one in skips})
    return asked


def held(plan: Plan, values: Mapping[str, Value], zone: str) -> dict[str, Typed]:
    """What the fields hold when a saved record is opened."""
    return {
        one.id: shown(values[one.id], zone)
        for one in plan.fields
        if one.id in values and one.kind != "output"
    }


def scripts(sheet: Sheet, today: date) -> dict[str, SafeString]:
    """What the browser needs to judge the form itself: rules of the form, facts around it."""
    said = {
        "zone": sheet.zone,
        "today": today.isoformat(),
        "yesterday": (today - timedelta(days=1)).isoformat(),
        "around": facts(sheet.study, sheet.plan.form, sheet.around),
    }
    return {
        "rules": mark_safe(rules_text(sheet.study, sheet.plan.form, sheet.language)),  # noqa: S308
        "facts": in_script(said),
    }


def in_script(value: object) -> SafeString:
    """JSON that can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_SAFE))  # noqa: S308 - no angle bracket is left
