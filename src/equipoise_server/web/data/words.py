"""Words of cleaning: states of queries, kinds and classes of deviations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from equipoise_server.web.shared.words import Badge, Words

STANDING: dict[str, Badge] = {
    "open": Badge(icon="question", label=_("Waits for an answer"), tone="warn"),
    "answered": Badge(icon="pen", label=_("Answered"), tone="info"),
    "closed": Badge(icon="check", label=_("Closed"), tone="good"),
}

STATES: dict[str, Words] = {
    "open": _("Open"),
    "waiting": _("Waiting for an answer"),
    "answered": _("Answered, to be closed"),
    "closed": _("Closed"),
    "all": _("All"),
}

ORIGINS: dict[str, Words] = {
    "": _("All"),
    "person": _("A person"),
    "check": _("An edit check"),
    "cross": _("A check over several forms"),
}

OLDER: dict[str, Words] = {
    "": _("Any age"),
    "7": _("Over 7 days"),
    "14": _("Over 14 days"),
    "30": _("Over 30 days"),
}

TURNS: dict[str, Words] = {
    "query-opened": _("Asked"),
    "query-answered": _("Answered"),
    "query-closed": _("Closed"),
    "query-reopened": _("Reopened"),
}

KINDS: dict[str, Words] = {
    "eligibility": _("Eligibility"),
    "consent": _("Consent"),
    "window": _("Visit window"),
    "dose-gap": _("Time between doses"),
    "medication": _("Prohibited medication"),
    "assessment": _("Missed or wrong assessment"),
    "blinding": _("Blinding"),
    "other": _("Other"),
}

CLASSES: dict[str, Badge] = {
    "": Badge(icon="ring", label=_("To be classified"), tone="warn"),
    "minor": Badge(icon="half", label=_("Minor"), tone="info"),
    "major": Badge(icon="alert", label=_("Major"), tone="bad"),
    "none": Badge(icon="minus", label=_("No deviation")),
    "gone": Badge(icon="check", label=_("Corrected: no longer seen"), tone="done"),
}

STATUSES: dict[str, Words] = {
    "": _("All"),
    "open": _("To be classified"),
    "classified": _("Classified"),
    "gone": _("Corrected: no longer seen"),
}

STEPS: dict[str, Words] = {
    "deviation-raised": _("Raised"),
    "deviation-classified": _("Classified"),
    "deviation-gone": _("No longer seen in the data"),
}

CODED: dict[str, Words] = {
    "": _("To be coded"),
    "coded": _("Coded"),
    "all": _("All"),
}
