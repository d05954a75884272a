"""The protocol forbids a step, now, for this person. Nothing was written."""

from __future__ import annotations

from equipoise.errors.ground import EquipoiseError
from equipoise.errors.said import listed, say


class Refused(EquipoiseError):
    """The protocol forbids the step. Nothing was written."""

    code = "refused"


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
            say(
                "Nobody was randomised: the clock is wrong ({why}). Have the server's clock set right, and send the request again; nothing was written.",
                why=why,
            )
        )


class OutOfStock(Refused):
    """Stock is short at the site. The sentence is the same for every arm."""

    code = "refused.out-of-stock"

    def __init__(self, site: str) -> None:
        super().__init__(
            say(
                "Site {site} does not hold enough valid kits to randomise. Ask the pharmacist for a delivery; nothing was written.",
                site=site,
            )
        )


class UnitNotValid(Refused):
    """The unit may not be given."""

    code = "refused.unit-not-valid"

    def __init__(self, unit: str, why: str) -> None:
        super().__init__(
            say(
                "Unit {unit} is not valid: {why}. Take the replacement, or call the pharmacy.",
                unit=unit,
                why=why,
            )
        )


class DoseNotAllowed(Refused):
    """A dosing rule forbids the dose."""

    code = "refused.dose-not-allowed"

    def __init__(self, participant: str, why: str) -> None:
        super().__init__(
            say(
                "The dose was not recorded for {participant}: {why}"
                if why.endswith(".")
                else "The dose was not recorded for {participant}: {why}.",
                participant=participant,
                why=why,
            )
        )


class WindowClosed(Refused):
    """The step is outside the window that the protocol allows."""

    code = "refused.window-closed"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            say(
                "{what} is outside its window: {why}. Record a deviation if it was done.",
                what=what,
                why=why,
            )
        )


class InvalidRecord(Refused):
    """A value is impossible. `findings` name each item and what is wrong."""

    code = "refused.invalid-record"

    def __init__(self, form: str, findings: tuple[str, ...]) -> None:
        self.findings = findings
        super().__init__(
            say(
                "Form {form} was not saved: {findings}. Correct the values.",
                form=form,
                findings=listed(findings, "; "),
            )
        )


class ReasonRequired(Refused):
    """A change to saved data needs a reason."""

    code = "refused.reason-required"

    def __init__(self, what: str) -> None:
        super().__init__(say("{what} needs a reason. Say why, and save again.", what=what))


class NotPermitted(Refused):
    """The person does not hold the role or site that the step needs."""

    code = "refused.not-permitted"

    def __init__(self, step: str, needs: str) -> None:
        super().__init__(
            say(
                "You may not {step}: it needs {needs}. Ask the trial office.",
                step=step,
                needs=needs,
            )
        )


class OtherSide(Refused):
    """A person of one side of the blind cannot be appointed to the other."""

    code = "refused.other-side"

    def __init__(self, username: str, role: str, why: str) -> None:
        super().__init__(
            say(
                "{username} was not appointed as {role}: {why}. Nobody works on both sides of the blind. Appoint somebody else.",
                username=username,
                role=role,
                why=why,
            )
        )


class Locked(Refused):
    """The study is locked."""

    code = "refused.locked"

    def __init__(self, step: str) -> None:
        super().__init__(
            say(
                "The study is locked, so {step} was refused. Two persons can unlock it, with a reason.",
                step=step,
            )
        )


class NotLocked(Refused):
    """The step needs a locked study."""

    code = "refused.not-locked"

    def __init__(self, step: str) -> None:
        super().__init__(say("{step} needs a locked study. Lock it first.", step=step))


class TwoPersonsRequired(Refused):
    """Two different persons must agree, each with a reason."""

    code = "refused.two-persons"

    def __init__(self, step: str) -> None:
        super().__init__(
            say(
                "{step} needs two different persons, each with a reason. Ask a second person to confirm.",
                step=step,
            )
        )


class CustodianInvalid(Refused):
    """The custodians of the randomisation list are not two persons with age public keys."""

    code = "refused.custodian"

    def __init__(self, why: str) -> None:
        super().__init__(
            say(
                "The list was not made: {why}. Give --custodian once for each of two persons, each with the age public key (age1...) of that person.",
                why=why,
            )
        )


class AlreadyWithdrawn(Refused):
    """The participant has withdrawn from what the step would do."""

    code = "refused.withdrawn"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            say(
                "{participant} has withdrawn, so {step} was refused. Nothing more is due.",
                participant=participant,
                step=step,
            )
        )


class AlreadyRecorded(Refused):
    """The same thing was recorded before and happens once."""

    code = "refused.already-recorded"

    def __init__(self, whose: str, what: str) -> None:
        super().__init__(
            say(
                "{what} is already recorded for {whose}. Open that entry, and correct it there.",
                what=what,
                whose=whose,
            )
        )


class FollowUpEnded(Refused):
    """The participant's time in the study has ended."""

    code = "refused.ended"

    def __init__(self, participant: str, step: str, why: str) -> None:
        super().__init__(
            say(
                "{step} was refused for {participant}: {why}. Check the dates; correct the earlier entry if it is wrong.",
                step=step,
                participant=participant,
                why=why,
            )
        )


class OutOfOrder(Refused):
    """The step does not follow from what is recorded, or its date contradicts it."""

    code = "refused.out-of-order"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            say(
                "{what} was not recorded: {why}. Check what is recorded, and its dates.",
                what=what,
                why=why,
            )
        )


class UnknownRecord(Refused):
    """The record, form, visit, participant or site does not exist."""

    code = "refused.unknown"

    def __init__(self, what: str) -> None:
        super().__init__(say("There is no {what}. Check the code and try again.", what=what))


class LiveUseRefused(Refused):
    """A demonstration instance can never run a live study."""

    code = "refused.live-use"

    def __init__(self, why: str) -> None:
        super().__init__(say("Live use was refused: {why}.", why=why))


class FolderNotEmpty(Refused):
    """A verb that writes a folder never overwrites one."""

    code = "refused.folder-not-empty"

    def __init__(self, folder: str) -> None:
        super().__init__(
            say(
                "{folder} already holds something, and nothing is ever overwritten. Choose a new or empty folder.",
                folder=folder,
            )
        )


class NotBuilt(Refused):
    """The verb exists, its part does not yet."""

    code = "refused.not-built"

    def __init__(self, verb: str) -> None:
        super().__init__(
            say("`equipoise {verb}` is not built yet in this version. Nothing was done.", verb=verb)
        )


class NotEstimable(Refused):
    """The data cannot answer the question asked of them."""

    code = "analysis.not-estimable"

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(
            say(
                "{what} cannot be estimated: {why}. Report the counts, or ask again with more data.",
                what=what,
                why=why,
            )
        )
