"""Refusals in the viewer's language, by their code. None of them names an arm."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

REFUSALS: dict[str, Words] = {
    "refused.assertion": _(
        "Name and PIN or passkey do not fit. Nothing was shown. Check both and try again; after "
        "five wrong attempts there is a pause of 15 minutes."
    ),
    "refused.assertion-expired": _(
        "More than two minutes went by before the PIN was given. Nothing was shown. Start again."
    ),
    "refused.assertion-used": _(
        "This request was answered once and is not answered again. Start again if you still need it."
    ),
    "refused.assertion-pause": _(
        "Five wrong attempts were made under this name: it is paused for 15 minutes. In an "
        "emergency ask another investigator of the site now."
    ),
    "refused.reveal-limit": _(
        "The limit of emergency unblindings is reached: three in an hour for one person, ten in a "
        "day for the study. Call a custodian and enter the release code that you are given."
    ),
    "refused.same-person": _(
        "The second person must be somebody else. Ask a colleague to check, with their own name "
        "and PIN."
    ),
    "refused.two-persons": _("A second person must check this, with their own name and PIN."),
    "refused.pin": _(
        "This PIN is too easily guessed. Choose eight characters or more, not one repeated, not a "
        "row such as 12345678, and not your name."
    ),
    "refused.unknown": _(
        "Nothing is known here under this code: no participant who was randomised, no lot, no "
        "product. Check what you entered, character by character."
    ),
    "refused.not-randomised": _(
        "This participant has not been randomised, so there is nothing to unblind."
    ),
    "refused.not-permitted": _(
        "You are not entered for this, or not for this site. Ask the keeper of the vault."
    ),
    "refused.reason-required": _("A reason is needed. Say why, in a few words."),
    "refused.unit-not-valid": _(
        "This unit is not for this participant, or not valid. Take the replacement."
    ),
    "refused.lot-not-releasable": _(
        "The lot cannot be released: a release test is missing or outside its limit, or the lot "
        "has expired."
    ),
    "refused.out-of-order": _(
        "This was not recorded: it does not follow from what is recorded so far, or a date or "
        "number cannot be right."
    ),
    "refused.already-recorded": _("This was done before, with other data. Read what is there."),
    "refused.out-of-stock": _("There are too few kits for this. Pack a batch first."),
    "conflict.key-reused": _("This form was sent before with other answers. Open it anew."),
    "external.message": _(
        "The program that holds the allocation did not understand this, and did nothing. Call the "
        "trial office; treat the participant as you judge best meanwhile."
    ),
    "external.allocator": _(
        "The program that holds the allocation does not answer. Try again in half a minute. If it "
        "still does not, call the trial office; treat the participant as you judge best meanwhile."
    ),
}


IN_DETAIL = ("refused.lot-not-releasable", "refused.out-of-order")
"""Where the sentence of the refusal says what exactly is wrong: it is shown too."""


def said(code: str) -> Words | None:
    """The sentence of a refusal, or None where there is none of its own."""
    return REFUSALS.get(code)


ROLES: dict[str, Words] = {
    "investigator": _("Investigator"),
    "pharmacist": _("Pharmacist"),
    "unblinded monitor": _("Unblinded monitor"),
    "safety-board statistician": _("Safety-board statistician"),
    "safety-board member": _("Safety-board member"),
    "releaser": _("Releaser"),
    "safety reporter": _("Safety reporter"),
}

ACTS: dict[str, Words] = {
    "revealed": _("Emergency unblinding"),
    "revealed for a report": _("Unblinding for a safety report"),
    "refused": _("Refused"),
    "limit raised": _("Limit raised by a custodian's code"),
    "registered": _("Entered in the register"),
    "role ended": _("Role ended"),
    "one-time code": _("One-time code given"),
    "release codes": _("Release codes made"),
    "PIN set": _("PIN set"),
    "passkey added": _("Passkey added"),
    "signed in": _("Signed in"),
    "contents shown": _("Content of a kit shown"),
    "worklist shown": _("Worklist shown"),
    "kits shown": _("Kits shown"),
    "preparations shown": _("Preparations shown"),
    "accountability shown": _("Accountability shown"),
    "journal shown": _("Journal shown"),
    "unblinded record": _("Preparation recorded"),
    "interim conducted": _("Interim analysis conducted"),
    "interim shown": _("Interim analyses shown to the safety board"),
    "interim decided": _("Decision of the safety board after an interim analysis"),
    "letters opened": _("Letters opened to the safety board"),
    "closed report": _("Masked arms shown to the safety board"),
    "released": _("Allocation released"),
    "lots shown": _("Lots shown"),
    "lot shown": _("Lot shown"),
    "lots of kits shown": _("Lots of kits shown"),
    "kit shown": _("Kit shown"),
    "batches shown": _("Packaging batches shown"),
    "excursions shown": _("Temperature excursions shown"),
    "lot make": _("Lot entered"),
    "lot certify": _("Lot certified"),
    "lot release": _("Lot released"),
    "lot quarantine": _("Lot put in quarantine"),
    "lot lift": _("Quarantine of a lot lifted"),
    "lot recall": _("Lot recalled"),
    "packed": _("Batch packed"),
    "excursion": _("Temperature excursion reported"),
    "excursion decided": _("Temperature excursion decided"),
}

DECISIONS: dict[str, Words] = {
    "continue": _("Go on"),
    "efficacy": _("Stop for efficacy"),
    "futility": _("Stop for futility"),
    "safety": _("Stop for safety"),
}
"""What the board can decide after an interim analysis."""

MEASURES: dict[str, Words] = {
    "rate ratio (one step, log-rank)": _("rate ratio (one step, log-rank)"),
    "rate ratio": _("rate ratio"),
    "difference in restricted mean time, days": _("difference in restricted mean time, days"),
    "common odds ratio of a higher score": _("common odds ratio of a higher score"),
    "probability of a higher value": _("probability of a higher value"),
    "win ratio": _("win ratio"),
    "win odds": _("win odds"),
    "net benefit": _("net benefit"),
    "adjusted mean difference": _("adjusted mean difference"),
    "risk difference": _("risk difference"),
    "risk difference across strata": _("risk difference across strata"),
}
"""What the methods of the core estimate, by their own names for it."""

DETAILS: dict[str, Words] = {
    "batch": _("Batch"),
    "custodian": _("Custodian"),
    "decision": _("Decision"),
    "event": _("Adverse event number"),
    "excursion": _("Excursion"),
    "form": _("Form"),
    "kit": _("Kit"),
    "kits": _("Kits"),
    "look": _("Look"),
    "lot": _("Lot"),
    "lots": _("Lots"),
    "number": _("Number"),
    "person": _("Who"),
    "reason": _("Reason"),
    "role": _("Role"),
    "shares": _("Shares"),
    "site": _("Site"),
    "sites": _("Sites"),
    "username": _("User name"),
    "verb": _("Asked for"),
    "version": _("Version"),
    "why": _("Why not"),
}
"""What a line of the journal tells beside who, when and whom, by its name there."""

ASKED_FOR: dict[str, Words] = {
    "reveal": ACTS["revealed"],
    "reveal_for_report": ACTS["revealed for a report"],
    "make_lot": _("Enter a lot"),
    "certify_lot": _("Enter results"),
    "release_lot": ACTS["lot release"],
    "quarantine_lot": ACTS["lot quarantine"],
    "lift_quarantine": ACTS["lot lift"],
    "recall_lot": ACTS["lot recall"],
    "pack": _("Pack a batch"),
    "consign": _("Send kits to a site"),
    "report_excursion": _("Report an excursion"),
    "decide_excursion": ACTS["excursion decided"],
    "prepare": _("Prepare a unit"),
    "conduct interim": ACTS["interim conducted"],
    "decide interim": ACTS["interim decided"],
    "open letters": ACTS["letters opened"],
}
"""What a refused request was for, by the allocator's verb."""
