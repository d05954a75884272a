"""Words of the house in the viewer's language, each state with its own icon and tone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

ROLES: dict[str, Words] = {
    "investigator": _("Investigator"),
    "coordinator": _("Coordinator"),
    "dosing nurse": _("Dosing nurse"),
    "assessor": _("Assessor"),
    "pharmacist": _("Pharmacist"),
    "monitor": _("Monitor"),
    "unblinded monitor": _("Unblinded monitor"),
    "data manager": _("Data manager"),
    "statistician": _("Statistician"),
    "safety-board statistician": _("Safety-board statistician"),
    "safety-board member": _("Safety-board member"),
    "sponsor": _("Sponsor"),
    "administrator": _("Administrator"),
    "image reader": _("Image reader"),
    "participant": _("Participant"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A state as an icon, a word and a tone. Nothing is said by colour alone."""

    icon: str
    label: Words
    tone: str = "plain"


PARTICIPANT: dict[str, Badge] = {
    "screening": Badge(icon="search", label=_("Screening")),
    "consented": Badge(icon="pen", label=_("Consented"), tone="info"),
    "screen-failed": Badge(icon="minus", label=_("Screen failure")),
    "randomised": Badge(icon="play", label=_("In the trial"), tone="good"),
    "withdrawn": Badge(icon="exit", label=_("Withdrawn"), tone="warn"),
    "completed": Badge(icon="flag", label=_("Completed"), tone="done"),
    "died": Badge(icon="cross", label=_("Died"), tone="grave"),
}

CELLS: dict[str, Badge] = {
    "queries": Badge(icon="question", label=_("Finding open"), tone="warn"),
    "overdue": Badge(icon="clock", label=_("Overdue"), tone="bad"),
    "due": Badge(icon="bell", label=_("Due now"), tone="info"),
    "in-progress": Badge(icon="half", label=_("In progress"), tone="info"),
    "complete": Badge(icon="check", label=_("Complete"), tone="good"),
    "verified": Badge(icon="shield", label=_("Verified"), tone="good"),
    "signed": Badge(icon="pen", label=_("Signed"), tone="good"),
    "locked": Badge(icon="lock", label=_("Locked"), tone="done"),
    "missed": Badge(icon="dash", label=_("Missed"), tone="grave"),
    "not-started": Badge(icon="ring", label=_("Not started")),
    "none": Badge(icon="dot", label=_("Not expected")),
}
"""States of a cell of the matrix; where several hold, the first counts."""

RECORD: dict[str, Badge] = {
    "not-started": CELLS["not-started"],
    "in-progress": CELLS["in-progress"],
    "complete": CELLS["complete"],
    "queries": CELLS["queries"],
}

ORIGINS: dict[str, Badge] = {
    "registered": Badge(icon="check", label=_("registered"), tone="good"),
    "proxy": Badge(icon="link", label=_("proxy"), tone="warn"),
    "proposal": Badge(icon="pen", label=_("proposal"), tone="info"),
}

MASKING: dict[str, Badge] = {
    "masked": Badge(icon="hidden", label=_("does not know the arm"), tone="good"),
    "unmasked": Badge(icon="eye", label=_("knows the arm"), tone="warn"),
    "not-guaranteed": Badge(icon="question", label=_("blinding not guaranteed"), tone="warn"),
}

AMOUNTS: dict[str, Badge] = {
    "full": Badge(icon="check", label=_("given in full"), tone="good"),
    "partial": Badge(icon="half", label=_("given in part"), tone="warn"),
    "not": Badge(icon="dash", label=_("not given"), tone="grave"),
    "next": Badge(icon="bell", label=_("next"), tone="info"),
    "later": Badge(icon="ring", label=_("planned")),
}

LEVELS: dict[str, Words] = {
    "product": _("the product"),
    "visits": _("visits"),
    "contact": _("contact"),
    "data": _("the use of data"),
    "samples": _("the use of samples"),
}

SIGNATORIES: dict[str, Words] = {
    "participant": _("the participant"),
    "representative": _("a representative"),
}

PLACES: dict[str, Words] = {
    "daily": _("Daily"),
    "dosing": _("Doses"),
    "log": _("Log"),
}
"""Places of records that belong to no single visit."""

CONTACTS: dict[str, Words] = {
    "on-site": _("at the hospital"),
    "phone": _("by telephone"),
    "either": _("at the hospital or by telephone"),
}

SCHEMES: dict[str, Words] = {
    "simple": _("by a fair toss for each person"),
    "permuted-block": _("in balanced blocks"),
    "random-block": _("in balanced blocks of random size"),
    "big-stick": _("by a fair toss that never lets the groups drift far apart"),
    "minimisation": _("so that the groups stay alike"),
}

FACTS: dict[str, Words] = {
    "identifier": _("Registry identifier"),
    "brief_title": _("Short title in the registry"),
    "official_title": _("Official title in the registry"),
    "lead_sponsor": _("Lead sponsor"),
    "collaborators": _("Collaborators"),
    "principal_investigator": _("Principal investigator"),
    "contacts": _("Contacts"),
    "country": _("Country"),
    "centres": _("Centres"),
    "number_of_centres": _("Number of centres"),
    "number_of_reference_sites": _("Number of reference sites"),
    "condition": _("Condition"),
    "keywords": _("Keywords"),
    "intervention": _("Intervention"),
    "control": _("Control"),
    "background_treatment": _("Treatment given to all"),
    "regimen": _("Regimen"),
    "study_type": _("Type of study"),
    "primary_purpose": _("Purpose"),
    "phase": _("Phase"),
    "allocation": _("Allocation"),
    "masking": _("Masking"),
    "masked_role": _("Who is masked"),
    "allocation_ratio": _("Allocation ratio"),
    "stratification": _("Stratification"),
    "current_status": _("Present status in the registry"),
    "start_date": _("Start"),
    "primary_completion_date": _("Primary completion"),
    "completion_date": _("Completion"),
    "last_modified": _("Record last modified"),
    "first_registered": _("First registered"),
    "primary_outcomes": _("Registered primary outcomes"),
    "secondary_outcomes": _("Registered secondary outcomes"),
    "results": _("Posted results"),
    "source_tissue": _("Source tissue"),
    "size_range": _("Size range"),
    "volume_per_dose": _("Volume per dose"),
    "concentration": _("Concentration"),
    "registered_dose": _("Dose in the registry"),
    "manufacture": _("Manufacture"),
    "diluent": _("Diluent"),
    "storage": _("Storage"),
    "in_use_limit": _("In-use limit"),
    "strength": _("Strength"),
}
"""Labels of facts that registries have; others show their name as it is written."""
