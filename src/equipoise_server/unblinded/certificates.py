"""A certificate as people read it: limits, values and units, in the viewer's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from equipoise_server.web.shared.values import unit_text

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LARGE, _SMALL = 1e5, 1e-3


def row(one: Mapping[str, Any], language: str) -> dict[str, Any]:
    """One line of the certificate: the test, its limit, its value, the verdict."""
    return {
        "id": one["id"],
        "title": _said(one["text"], language),
        "limit": limit(one, language),
        "value": value(one, language),
        "unit": unit(one.get("unit")),
        "numbers": one.get("accept") is None,
        "written": "" if one.get("value") is None else _plain(one["value"]),
        "accept": one.get("accept", ""),
        "passes": one["passes"],
    }


def limit(one: Mapping[str, Any], language: str) -> str:
    """`0.8 to 1.2 g/L`, `at most 0.5 IU/mL`, `no growth`."""
    if one.get("accept") is not None:
        return _accepted(one, language)
    low, high = one.get("low"), one.get("high")
    if low is not None and high is not None:
        words = _("%(low)s to %(high)s") % {"low": number(low), "high": number(high)}
    elif low is not None:
        words = _("at least %(low)s") % {"low": number(low)}
    elif high is not None:
        words = _("at most %(high)s") % {"high": number(high)}
    else:
        return _("not stated")
    return f"{words} {unit(one.get('unit'))}".strip()


def value(one: Mapping[str, Any], language: str) -> str:
    """What was found, or a dash."""
    found = one.get("value")
    if found is None:
        return "–"
    if isinstance(found, str):
        return _accepted(one, language) if found == one.get("accept") else found
    return number(found)


def number(found: float) -> str:
    """`7.2`, `150`, `1.2 × 10⁹`."""
    if found and not _SMALL <= abs(found) < _LARGE:
        digits, _e, power = f"{found:e}".partition("e")
        return f"{float(digits):g} × 10{str(int(power)).translate(_RAISED)}"
    return f"{found:g}"


def unit(code: str | None) -> str:
    """A unit as it is printed; what is counted in words is in the viewer's language."""
    return unit_text(code).replace("particles", _("particles"))


def _plain(found: float | str) -> str:
    return found if isinstance(found, str) else f"{found:.10g}"


def _accepted(one: Mapping[str, Any], language: str) -> str:
    return _said(one.get("accept_text") or {"en": one["accept"]}, language)


def _said(text: Mapping[str, str] | str, language: str) -> str:
    return text if isinstance(text, str) else str(text.get(language) or text.get("en", ""))
