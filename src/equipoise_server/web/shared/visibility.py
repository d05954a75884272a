"""Which forms a viewer may read. Forms of the unblinded side never appear.

Somebody who only assesses does not see what was given: the administration and randomisation
forms, kit codes and dose entries. Forms that assessors fill in stay open to them.
"""

from __future__ import annotations

from collections.abc import Collection

from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise_server.services.participants.randomisation_record import (
    REQUIRED as RANDOMISATION_ITEMS,
)
from equipoise_server.store.queries.finalising import study_versions

ASSESSES_ONLY = frozenset({"assessor"})
DOSE_ENTRIES = frozenset({"dose-recorded", "dose-corrected", "dosing-stopped", "kit-replaced"})


def dosing_forms(study: Study) -> frozenset[str]:
    """The forms that are filled in at a dose, and the one that randomisation fills in."""
    dosing = study.protocol.dosing
    named = {dosing.administration_form, dosing.reaction_form} if dosing else set()
    named |= {form.id for form in study.forms.values() if _randomises(form)}
    return frozenset(name for name in named if name and not study.forms[name].assesses)


def _randomises(form: Form) -> bool:
    return {item.id for item in form.items()} >= RANDOMISATION_ITEMS


def sees_doses(roles: Collection[str]) -> bool:
    """Whether any role held lets the viewer see doses and kit codes."""
    return bool(set(roles) - ASSESSES_ONLY)


def visible_forms(study: Study, roles: Collection[str]) -> frozenset[str]:
    """The forms that somebody with these roles at a site may read."""
    blinded = frozenset(form.id for form in study.forms.values() if form.audience == "blinded")
    return blinded if sees_doses(roles) else blinded - dosing_forms(study)


def ever_visible(roles: Collection[str]) -> frozenset[str]:
    """The same over every version: what was collected under an older one stays readable."""
    return frozenset().union(*(visible_forms(study, roles) for study in study_versions()))


def hidden_entries(roles: Collection[str]) -> frozenset[str]:
    """Kinds of ledger entries that are not told to somebody with these roles."""
    return frozenset() if sees_doses(roles) else DOSE_ENTRIES
