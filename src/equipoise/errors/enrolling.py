"""What is refused on the way from screening to randomisation. Nothing was written."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors.refused import Refused
from equipoise.errors.said import listed, say


class NotEligible(Refused):
    """One or more eligibility criteria are not met, or not yet answered."""

    code = "refused.not-eligible"

    def __init__(self, participant: str, unmet: tuple[str, ...]) -> None:
        self.participant = participant
        self.unmet = unmet
        super().__init__(
            say(
                "{participant} was not randomised: {unmet} not met or not answered. Correct the screening forms, or record a screen failure.",
                participant=participant,
                unmet=listed(unmet),
            )
        )


class NotConsented(Refused):
    """Nothing of the trial may happen to this person before consent."""

    code = "refused.not-consented"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            say(
                "{participant} has no signed consent, so {step} was refused. Record the signed consent first.",
                participant=participant,
                step=step,
            )
        )


class ConsentLapsed(NotConsented):
    """Consent was deferred, and its limit has passed without it."""

    code = "refused.consent-lapsed"

    def __init__(self, participant: str, step: str, due_at: datetime) -> None:
        Refused.__init__(
            self,
            say(
                "Consent of {participant} was due by {due_at} UTC and is not given, so {step} was refused. Take consent first. Safety, stopping the product, withdrawal and the end of study can still be recorded.",
                participant=participant,
                due_at=f"{due_at:%Y-%m-%d %H:%M}",
                step=step,
            ),
        )


class ReconsentDue(NotConsented):
    """An amendment changed what people agree to, and this one has not agreed anew."""

    code = "refused.reconsent-due"

    def __init__(self, participant: str, step: str) -> None:
        Refused.__init__(
            self,
            say(
                "{participant} signed an earlier version of the consent document, and the version in force has to be signed anew, so {step} was refused. Take the new consent first.",
                participant=participant,
                step=step,
            ),
        )


class AlreadyScreened(Refused):
    """The participant code is in use."""

    code = "refused.already-screened"

    def __init__(self, participant: str) -> None:
        super().__init__(
            say(
                "{participant} is already on the screening log. Open that entry instead.",
                participant=participant,
            )
        )


class AlreadyRandomised(Refused):
    """The participant holds an allocation."""

    code = "refused.already-randomised"

    def __init__(self, participant: str) -> None:
        super().__init__(
            say(
                "{participant} has already been randomised; an allocation is never repeated. Open the participant's page to see the kit.",
                participant=participant,
            )
        )


class NotRandomised(Refused):
    """The step needs an allocation first."""

    code = "refused.not-randomised"

    def __init__(self, participant: str, step: str) -> None:
        super().__init__(
            say(
                "{participant} has not been randomised, so {step} was refused. Randomise first.",
                participant=participant,
                step=step,
            )
        )


class StratumUnknown(Refused):
    """A stratification factor is unknown, so no stratum can be given."""

    code = "refused.stratum-unknown"

    def __init__(self, participant: str, factor: str) -> None:
        super().__init__(
            say(
                "{participant} was not randomised: {factor} is not known, so no stratum can be given. Complete the measurements that decide {factor}.",
                participant=participant,
                factor=factor,
            )
        )
