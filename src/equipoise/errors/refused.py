"""The protocol forbids a step, now, for this person. Nothing was written."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors.ground import EquipoiseError


class Refused(EquipoiseError):
    """The protocol forbids the step. Nothing was written."""

    code = "refused"


class NotEligible(Refused):
    """One or more eligibility criteria are not met, or not yet answered."""

    code = "refused.not-eligible"

    def __init__(self, participant: str, unmet: tuple[str, ...]) -> None:
        self.participant = participant
        self.unmet = unmet
        super().__init__(
            f"{participant} was not randomised: {', '.join(unmet)} not met or not "
            "answered. Correct the screening forms, or record a screen failure."
        )


class NotConsented(Refused):
    """Nothing of the trial may happen to this person before consent."""

    code = "refused.not-consented"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            f"{participant} has no signed consent, so {step} was refused. "
            "Record the signed consent first."
        )


class ConsentLapsed(NotConsented):
    """Consent was deferred, and its limit has passed without it."""

    code = "refused.consent-lapsed"

    def __init__(self, participant: str, step: str, due_at: datetime) -> None:
        Refused.__init__(
            self,
            f"Consent of {participant} was due by {due_at:%Y-%m-%d %H:%M} UTC and is not given, "
            f"so {step} was refused. Take consent first. Safety, stopping the product, "
            "withdrawal and the end of study can still be recorded.",
        )


class ReconsentDue(NotConsented):
    """An amendment changed what people agree to, and this one has not agreed anew."""

    code = "refused.reconsent-due"

    def __init__(self, participant: str, step: str) -> None:
        Refused.__init__(
            self,
            f"{participant} signed an earlier version of the consent document, and the version "
            f"in force has to be signed anew, so {step} was refused. Take the new consent first.",
        )


class AlreadyScreened(Refused):
    """The participant code is in use."""

    code = "refused.already-screened"

    def __init__(self, participant: str) -> None:
        super().__init__(f"{participant} is already on the screening log. Open that entry instead.")


class AlreadyRandomised(Refused):
    """The participant holds an allocation."""

    code = "refused.already-randomised"

    def __init__(self, participant: str) -> None:
        super().__init__(
            f"{participant} has already been randomised; an allocation is never repeated. "
            "Open the participant's page to see the kit."
        )


class NotRandomised(Refused):
    """The step needs an allocation first."""

    code = "refused.not-randomised"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            f"{participant} has not been randomised, so {step} was refused. Randomise first."
        )


class StratumUnknown(Refused):
    """A stratification factor is unknown, so no stratum can be given."""

    code = "refused.stratum-unknown"

    def __init__(self, participant: str, factor: str) -> None:
        super().__init__(
            f"{participant} was not randomised: {factor} is not known, so no stratum can be "
            f"given. Complete the measurements that decide {factor}."
        )


class ListExhausted(Refused):
    """No place is left to allocate. The sentence is the same for every arm."""

    code = "refused.list-exhausted"

    def __init__(self) -> None:
        super().__init__(
            "Randomisation is closed for this stratum: the list is used up. "
            "Call the trial office; nothing was written."
        )


class ListOfAnotherVersion(Refused):
    """The randomisation list was sealed for another version of the protocol."""

    code = "refused.list-of-another-version"

    def __init__(self) -> None:
        super().__init__(
            "Nobody was randomised: the list was sealed for another version of the protocol "
            "than this server runs. Call the trial office; nothing was written."
        )


class ClockWrong(Refused):
    """The time given with a request cannot be right."""

    code = "refused.clock"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Nobody was randomised: the clock is wrong ({why}). Have the server's clock set "
            "right, and send the request again; nothing was written."
        )


class OutOfStock(Refused):
    """Stock is short at the site. The sentence is the same for every arm."""

    code = "refused.out-of-stock"

    def __init__(self, site: str) -> None:
        super().__init__(
            f"Site {site} does not hold enough valid kits to randomise. "
            "Ask the pharmacist for a delivery; nothing was written."
        )


class UnitNotValid(Refused):
    """The unit may not be given."""

    code = "refused.unit-not-valid"

    def __init__(self, unit: str, why: str) -> None:
        super().__init__(
            f"Unit {unit} is not valid: {why}. Take the replacement, or call the pharmacy."
        )


class DoseNotAllowed(Refused):
    """A dosing rule forbids the dose."""

    code = "refused.dose-not-allowed"

    def __init__(self, participant: str, why: str) -> None:
        super().__init__(f"The dose was not recorded for {participant}: {why}.")


class WindowClosed(Refused):
    """The step is outside the window that the protocol allows."""

    code = "refused.window-closed"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} is outside its window: {why}. Record a deviation if it was done.")


class InvalidRecord(Refused):
    """A value is impossible. `findings` name each item and what is wrong."""

    code = "refused.invalid-record"

    def __init__(self, form: str, findings: tuple[str, ...]) -> None:
        self.findings = findings
        super().__init__(f"Form {form} was not saved: {'; '.join(findings)}. Correct the values.")


class ReasonRequired(Refused):
    """A change to saved data needs a reason."""

    code = "refused.reason-required"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs a reason. Say why, and save again.")


class NotPermitted(Refused):
    """The person does not hold the role or site that the step needs."""

    code = "refused.not-permitted"

    def __init__(self, step: str, needs: str) -> None:
        super().__init__(f"You may not {step}: it needs {needs}. Ask the trial office.")


class OtherSide(Refused):
    """A person of one side of the blind cannot be appointed to the other."""

    code = "refused.other-side"

    def __init__(self, username: str, role: str, why: str) -> None:
        super().__init__(
            f"{username} was not appointed as {role}: {why}. Nobody works on both sides of the "
            "blind. Appoint somebody else."
        )


class Locked(Refused):
    """The study is locked."""

    code = "refused.locked"

    def __init__(self, step: str) -> None:
        super().__init__(
            f"The study is locked, so {step} was refused. Two persons can unlock it, with a reason."
        )


class NotLocked(Refused):
    """The step needs a locked study."""

    code = "refused.not-locked"

    def __init__(self, step: str) -> None:
        super().__init__(f"{step} needs a locked study. Lock it first.")


class TwoPersonsRequired(Refused):
    """Two different persons must agree, each with a reason."""

    code = "refused.two-persons"

    def __init__(self, step: str) -> None:
        super().__init__(
            f"{step} needs two different persons, each with a reason. Ask a second person to confirm."
        )


class CustodianInvalid(Refused):
    """The custodians of the randomisation list are not two persons with age public keys."""

    code = "refused.custodian"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The list was not made: {why}. Give --custodian once for each of two persons, "
            "each with the age public key (age1...) of that person."
        )


class AlreadyWithdrawn(Refused):
    """The participant has withdrawn from what the step would do."""

    code = "refused.withdrawn"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            f"{participant} has withdrawn, so {step} was refused. Nothing more is due."
        )


class AlreadyRecorded(Refused):
    """The same thing was recorded before and happens once."""

    code = "refused.already-recorded"

    def __init__(self, whose: str, what: str) -> None:
        super().__init__(
            f"{what} is already recorded for {whose}. Open that entry, and correct it there."
        )


class FollowUpEnded(Refused):
    """The participant's time in the study has ended."""

    code = "refused.ended"

    def __init__(self, participant: str, step: str, why: str) -> None:
        super().__init__(
            f"{step} was refused for {participant}: {why}. "
            "Check the dates; correct the earlier entry if it is wrong."
        )


class OutOfOrder(Refused):
    """The step does not follow from what is recorded, or its date contradicts it."""

    code = "refused.out-of-order"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} was not recorded: {why}. Check what is recorded, and its dates.")


class UnknownRecord(Refused):
    """The record, form, visit, participant or site does not exist."""

    code = "refused.unknown"

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what}. Check the code and try again.")


class LiveUseRefused(Refused):
    """A demonstration instance can never run a live study."""

    code = "refused.live-use"

    def __init__(self, why: str) -> None:
        super().__init__(f"Live use was refused: {why}.")


class FolderNotEmpty(Refused):
    """A verb that writes a folder never overwrites one."""

    code = "refused.folder-not-empty"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder} already holds something, and nothing is ever overwritten. "
            "Choose a new or empty folder."
        )


class NotBuilt(Refused):
    """The verb exists, its part does not yet."""

    code = "refused.not-built"

    def __init__(self, verb: str) -> None:
        super().__init__(f"`equipoise {verb}` is not built yet in this version. Nothing was done.")


class NotEstimable(Refused):
    """The data cannot answer the question asked of them."""

    code = "analysis.not-estimable"

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(
            f"{what} cannot be estimated: {why}. Report the counts, or ask again with more data."
        )
