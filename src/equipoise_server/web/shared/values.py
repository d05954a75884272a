"""Stored values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from equipoise.protocol.forms import CodeList, Item
from equipoise.protocol.model import Study
from equipoise_server.web.shared.words import FACTS, PLACES, Words

_UNITS = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "/min": "/min",
    "10*9/L": "10⁹/L",
    "10*6/L": "10⁶/L",
    "10*12/L": "10¹²/L",
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "ug/mL": "µg/mL",
    "[IU]/mL": "IU/mL",
    "[pH]": "",
    "cm[H2O]": "cmH₂O",
    "kg/m2": "kg/m²",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "1": "",
}
_SPELT = {"a": gettext_lazy("years"), "d": gettext_lazy("days")}


def unit_text(unit: str | None) -> str:
    """A UCUM unit as it is printed."""
    if not unit:
        return ""
    if unit in _SPELT:
        return str(_SPELT[unit])
    return _UNITS.get(unit, unit.replace("{", " ").replace("}", "").replace("_", " ").strip())


def value_text(study: Study, item: Item, value: object, language: str, zone: str = "UTC") -> str:
    """A stored answer in words, without its unit."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if item.codes is not None and isinstance(value, str):
        return code_text(study, item.codes, value, language)
    if isinstance(value, list | tuple):
        named = [code_text(study, item.codes or "", str(one), language) for one in value]
        return ", ".join(named)
    return plain_text(value, zone)


def plain_text(value: object, zone: str = "UTC") -> str:
    """A value without a code list: instants on the clock of the site."""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def code_text(study: Study, codes: str, code: str, language: str) -> str:
    """The text of a code, or the code where the list does not have it."""
    found = next((one for one in study.protocol.code_lists if one.id == codes), None)
    return _in_list(found, code, language)


def _in_list(codes: CodeList | None, code: str, language: str) -> str:
    for one in codes.codes if codes else ():
        if one.code == code:
            return one.text.say(language)
    return code


def form_title(study: Study, form: str, language: str, number: int = 0) -> str:
    """The title of a form, with the number of the day, dose or event where there is one."""
    found = study.forms.get(form)
    title = found.title.say(language) if found else form
    return f"{title} {number}" if number else title


def visit_title(study: Study, visit: str, language: str) -> Words:
    """The title of a visit, or the word for records that belong to none."""
    for one in study.protocol.visits:
        if one.id == visit:
            return one.title.say(language)
    return PLACES.get(visit, visit)


def fact_label(name: str) -> Words:
    """What a registry fact is called."""
    return FACTS.get(name, name.replace("_", " ").capitalize())


def said(text: Mapping[str, str], language: str) -> str:
    """A stored text per language, in one of them."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def stratum_text(study: Study, stratum: Mapping[str, str], language: str) -> str:
    """A stratum in words: the level of each factor."""
    return ", ".join(
        level_text(study, factor, level, language) for factor, level in stratum.items()
    )


def level_text(study: Study, factor: str, level: str, language: str) -> str:
    """One level of a stratification factor: code texts where it has them, else `factor: level`."""
    for derived in study.protocol.derived:
        if derived.id == factor:
            if derived.codes:
                return code_text(study, derived.codes, level, language)
            return f"{derived.text.say(language)}: {_boolean(level)}"
    for form in study.forms.values():
        item = form.item(factor)
        if item is not None:
            if item.codes:
                return code_text(study, item.codes, level, language)
            return f"{item.text.say(language)}: {_boolean(level)}"
    return f"{factor}: {level}"


def _boolean(level: str) -> str:
    return {"true": _("Yes"), "false": _("No")}.get(level, level)
