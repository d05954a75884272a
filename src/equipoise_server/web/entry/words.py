"""What a refusal means for the person at the screen, and what to do now."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from equipoise.errors import EquipoiseError
from equipoise_server.web.shared.words import Badge, Words

STOP = _(
    "Nobody was randomised: the list does not verify. Randomise nobody else, and call the trial "
    "office now."
)
LATER = _(
    "Nobody was randomised: randomisation is not set up right. Call the trial office now; after "
    "they have mended it, send the same request again."
)
REFUSALS: dict[str, Words] = {
    "refused.locked": _("The study is locked, so nothing can be entered or changed."),
    "refused.consent-lapsed": _(
        "Consent was deferred and is overdue. Take consent first; safety, stopping the product, "
        "withdrawal and the end of study can still be recorded."
    ),
    "refused.reconsent-due": _("The new version of the consent has to be signed first."),
    "refused.not-consented": _("There is no signed consent yet. Record the consent first."),
    "refused.not-permitted": _("Your role does not allow this. Ask somebody who may."),
    "refused.withdrawn": _("The participant has withdrawn from this. Nothing more is entered."),
    "refused.ended": _("The participant's time in the study has ended. Check the dates."),
    "refused.already-recorded": _("This is recorded already and happens only once."),
    "refused.already-randomised": _("The participant is randomised already."),
    "refused.already-screened": _("The participant is on the screening log already."),
    "refused.not-eligible": _("Not every criterion passes. See the eligibility table."),
    "refused.not-randomised": _("The participant is not randomised yet."),
    "refused.stratum-unknown": _("A stratification factor is not answered yet."),
    "refused.out-of-stock": _("No kit is left at the site. Call the pharmacist."),
    "refused.list-exhausted": _("The randomisation list has no place left. Call the trial office."),
    "refused.list-of-another-version": _(
        "Nobody can be randomised: the list belongs to another version of the protocol. Call the "
        "trial office now."
    ),
    "refused.clock": _(
        "Nobody was randomised: the clock of the server is wrong. Call the trial office now."
    ),
    "conflict.allocated-otherwise": _(
        "A kit was reserved under other answers than are recorded now. Do not give it. Call the "
        "trial office now."
    ),
    "integrity.seal-broken": STOP,
    "integrity.seal-moved": STOP,
    "integrity.vault-key-missing": LATER,
    "integrity.vault-key-wrong": LATER,
    "refused.unit-not-valid": _(
        "Do not use this unit. Check its code; the pharmacist must have prepared it for this "
        "participant. Call the pharmacist."
    ),
    "refused.kit-not-valid": _(
        "This kit is not valid. Do not give it. Put it aside and take the replacement."
    ),
    "refused.unit-used": _("This unit was given before. Do not give it again. Scan the next one."),
    "refused.unit-of-another": _("This unit belongs to somebody else. Do not give it."),
    "refused.unit-elsewhere": _(
        "This unit is recorded at another site. Do not give it. Call the pharmacist."
    ),
    "refused.thawed-too-long": _(
        "This unit was thawed too long ago. Do not give it. Take the replacement."
    ),
    "refused.second-person": _("Somebody else has to verify this unit. Ask a colleague."),
    "refused.dose-not-allowed": _("Do not give this dose now. Read why below."),
    "refused.reason-required": _("A saved answer changes. Say why, and save again."),
    "refused.invalid-record": _("Some answers cannot be right. Correct them, and save again."),
    "refused.out-of-order": _("A date does not fit what is recorded. Check the dates."),
    "refused.unknown": _("The code is not known here. Check it."),
    "conflict.saved-first": _("Somebody saved this record while you were typing."),
    "conflict.key-reused": _("This page was sent before. Open it again."),
    "external.storage": _("Nothing could be saved: the disk is full. Call the trial office."),
    "external.message": LATER,
    "external.allocator": _(
        "Randomisation cannot be reached now. Try again in a few minutes; asking twice is safe."
    ),
}


def meaning(error: EquipoiseError) -> Words:
    """A refusal in the viewer's language; the exact sentence is shown beside it."""
    return REFUSALS.get(error.code, _("This was not done. Nothing was changed."))


VERDICTS: dict[str, Badge] = {
    "passes": Badge(icon="check", label=_("passes"), tone="good"),
    "fails": Badge(icon="cross", label=_("fails"), tone="bad"),
    "unanswered": Badge(icon="question", label=_("unanswered"), tone="warn"),
}

DOSE_REASONS: dict[str, Words] = {
    "course-complete": _("Every dose of the course is recorded. No further dose is given."),
    "course-over": _("The course is over. No further dose is given."),
    "before-randomisation": _("The participant is not randomised yet."),
    "first-dose-too-late": _("It is too late for a first dose. Follow-up goes on without doses."),
    "gap-too-short": _("The last dose was too short a time ago. Wait."),
    "window-not-open": _("It is too early for this dose. Wait."),
    "stopped": _("Dosing has stopped for good. Do not give another dose."),
    "hold": _("The dose is on hold. Do not give it now; call the investigator."),
    "hold-unanswered": _("Fill in the checks before the dose first."),
}
