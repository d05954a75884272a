"""Ledger entries as sentences in the viewer's language. None of them can name an arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from equipoise_server.web.shared.words import AMOUNTS, LEVELS, SIGNATORIES

ICONS = {
    "screened": "search",
    "consent-signed": "pen",
    "screening-failed": "minus",
    "randomised": "play",
    "kit-replaced": "link",
    "dose-recorded": "drop",
    "dosing-stopped": "dash",
    "event-reported": "alert",
    "withdrew": "exit",
    "discharged": "home",
    "readmitted": "home",
    "died": "cross",
    "completed": "flag",
    "redacted": "hidden",
}


def sentence(what: str, said: Mapping[str, Any], *, doses: bool = True) -> str:
    """What an entry says. `doses` False leaves out kit and unit codes."""
    match what:
        case "screened":
            return _("Entered on the screening log of %(site)s.") % said
        case "consent-signed":
            by = SIGNATORIES.get(said.get("signatory", ""), "")
            words = _("Consent, version %(version)s, signed by %(by)s.")
            return words % {"version": said.get("version", ""), "by": by}
        case "screening-failed":
            return _("Screening closed without randomisation: %(reason)s.") % said
        case "randomised" if doses:
            return _("Randomised; kit %(kit)s assigned.") % said
        case "randomised":
            return _("Randomised.")
        case "kit-replaced":
            return _("Kit %(replaces)s replaced by %(kit)s: %(reason)s.") % said
        case "dose-recorded":
            return _dose(said)
        case _:
            return _followed(what, said)


def _dose(said: Mapping[str, Any]) -> str:
    amount = AMOUNTS[str(said.get("amount", "full"))].label
    shown = {"number": said.get("number"), "amount": amount, "unit": said.get("unit")}
    if shown["unit"]:
        return _("Dose %(number)s %(amount)s, unit %(unit)s.") % shown
    return _("Dose %(number)s %(amount)s.") % shown


def _followed(what: str, said: Mapping[str, Any]) -> str:
    match what:
        case "dosing-stopped":
            return _("Dosing stopped for good: %(reason)s.") % said
        case "event-reported" if said.get("serious"):
            return _("Serious adverse event %(number)s reported.") % said
        case "event-reported":
            return _("Adverse event %(number)s reported.") % said
        case "withdrew":
            level = LEVELS.get(str(said.get("level")), said.get("level"))
            return _("Withdrew from %(level)s.") % {"level": level}
        case "discharged":
            return _("Discharged from hospital on %(on)s.") % said
        case "readmitted":
            return _("Readmitted on %(on)s.") % said
        case "died":
            return _("Died on %(on)s.") % said
        case "completed":
            return _("End of study on %(on)s: %(reason)s.") % said
        case "redacted":
            return _("An answer was removed because it identified somebody.")
        case _:
            return what
