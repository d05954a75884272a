"""Ledger entries as sentences in the viewer's language. None of them can name an arm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from equipoise_server.store.texts import REMOVED
from equipoise_server.web.shared.words import AMOUNTS, LEVELS, SIGNATORIES, Words

ICONS = {
    "screened": "search",
    "consent-signed": "pen",
    "consent-talk-begun": "pen",
    "consent-signed-by-person": "pen",
    "consent-given": "pen",
    "consent-declined": "minus",
    "consent-deferred": "clock",
    "withdrawal-wished": "exit",
    "problem-reported": "alert",
    "problem-answered": "question",
    "identity-read": "eye",
    "enquiry-handed-over": "people",
    "screening-failed": "minus",
    "randomised": "play",
    "kit-replaced": "link",
    "dose-recorded": "drop",
    "dose-corrected": "drop",
    "dosing-stopped": "dash",
    "event-reported": "alert",
    "withdrew": "exit",
    "discharged": "home",
    "readmitted": "home",
    "died": "cross",
    "completed": "flag",
    "redacted": "hidden",
    "signed": "pen",
    "signature-voided": "minus",
    "part-locked": "lock",
    "part-unlocked": "link",
    "moved-to-version": "document",
    "query-opened": "question",
    "query-answered": "question",
    "query-closed": "question",
    "query-reopened": "question",
    "queries-followed": "question",
    "source-verified": "check",
    "deviation-raised": "alert",
    "deviation-classified": "alert",
    "image-attached": "document",
    "image-withdrawn": "minus",
    "image-read": "eye",
    "image-declined": "eye",
}


def sentence(what: str, said: Mapping[str, Any], *, doses: bool = True) -> str:
    """What an entry says. `doses` False leaves out kit and unit codes."""
    said = {name: str(_GONE) if one == REMOVED else one for name, one in said.items()}
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
        case "dose-corrected":
            return _corrected(said)
        case _:
            return _followed(what, said)


def _dose(said: Mapping[str, Any]) -> str:
    amount = AMOUNTS[str(said.get("amount", "full"))].label
    shown = {"number": said.get("number"), "amount": amount, "unit": said.get("unit")}
    if shown["unit"]:
        return _("Dose %(number)s %(amount)s, unit %(unit)s.") % shown
    return _("Dose %(number)s %(amount)s.") % shown


def _corrected(said: Mapping[str, Any]) -> str:
    amount = AMOUNTS[str(said.get("amount", "full"))].label
    parts = [_("Dose %(number)s: %(amount)s after all.") % {**said, "amount": amount}]
    if said.get("at"):
        moment = datetime.fromisoformat(str(said["at"])).astimezone(UTC)
        parts.append(_("It started at %(at)s UTC.") % {"at": moment.strftime("%Y-%m-%d %H:%M")})
    if said.get("unit"):
        parts.append(_("Its unit was %(unit)s.") % said)
    return " ".join(parts)


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
        case "signed":
            n = len(said.get("records", ()))
            return ngettext("Signed %(n)s record.", "Signed %(n)s records.", n) % {"n": n}
        case "signature-voided":
            return _("A signature no longer holds: the record was changed.")
        case "part-locked":
            return _("Locked.")
        case "part-unlocked":
            return _("Unlocked by two persons.")
        case "moved-to-version":
            return _("Moved to an amended protocol version.")
        case "redacted":
            return _("An answer was removed because it identified somebody.")
        case _:
            return _cleaned(what, said)


def _cleaned(what: str, said: Mapping[str, Any]) -> str:
    """Entries of cleaning; what nobody has words for stands as it is."""
    said = said or {"text": str(_GONE)}
    match what:
        case "query-opened":
            return _("Query opened: %(text)s") % said
        case "query-answered":
            return _("Query answered: %(text)s") % said
        case "query-closed" if said.get("text"):
            return _("Query closed: %(text)s") % said
        case "query-closed":
            return _("Query closed.")
        case "query-reopened":
            return _("Query reopened: %(text)s") % said
        case "source-verified":
            return _("Answers compared with their source: %(n)s.") % {"n": len(said["items"])}
        case "verification-undone" if said.get("reason"):
            return _("Source verification withdrawn: %(reason)s") % said
        case "deviation-raised" if said.get("text"):
            return _("Deviation raised: %(text)s") % said
        case "deviation-classified":
            return _("Deviation classified: %(text)s") % said
        case _:
            plain = _PLAIN.get(what)
            return str(plain) if plain else what


_GONE = gettext_lazy("(removed because it identified somebody)")
_PLAIN: Mapping[str, Words] = {
    "queries-followed": gettext_lazy("Rules opened or closed queries."),
    "verification-undone": gettext_lazy("Source verification undone: answers changed."),
    "term-coded": gettext_lazy("A text was coded."),
    "deviation-raised": gettext_lazy("Deviation raised."),
    "image-attached": gettext_lazy("A de-identified file was attached."),
    "image-withdrawn": gettext_lazy("A file was withdrawn."),
    "image-read": gettext_lazy("The pictures were read masked."),
    "image-declined": gettext_lazy("A reader could not read the pictures masked."),
    "consent-talk-begun": gettext_lazy("A conversation about consent began."),
    "consent-signed-by-person": gettext_lazy("The person signed the consent."),
    "consent-given": gettext_lazy("The consent is signed by both sides."),
    "consent-declined": gettext_lazy("The conversation about consent ended without a signature."),
    "consent-deferred": gettext_lazy("Consent follows later, as the protocol allows."),
    "withdrawal-wished": gettext_lazy("The participant asked to withdraw."),
    "problem-reported": gettext_lazy("The participant told of a problem."),
    "problem-answered": gettext_lazy("The participant's problem was answered."),
    "identity-read": gettext_lazy("Name and contact were opened."),
    "enquiry-handed-over": gettext_lazy("Handed over from a message to the site."),
    "deviation-gone": gettext_lazy("A deviation is no longer seen in the data."),
}
