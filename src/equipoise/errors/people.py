"""Refusals about who somebody is and what they were entrusted with."""

from __future__ import annotations

from equipoise.errors.refused import NotPermitted, Refused
from equipoise.errors.said import say


class FactorRequired(NotPermitted):
    """The act needs a second factor given for it, and none was."""

    code = "refused.factor-required"

    def __init__(self, purpose: str) -> None:
        Refused.__init__(
            self,
            say(
                "To {purpose} you must prove who you are once more, for this act alone. Give your password and second factor.",
                purpose=purpose,
            ),
        )


class FactorRefused(NotPermitted):
    """The second factor given for an act is wrong, too old, used, or for something else."""

    code = "refused.factor-refused"

    def __init__(self, purpose: str) -> None:
        Refused.__init__(
            self,
            say(
                "The proof of who you are does not allow you to {purpose}: it is wrong, too old, used already or given for something else. Give your password and second factor again.",
                purpose=purpose,
            ),
        )


class NotDelegated(NotPermitted):
    """The site's delegation log does not give this task to the person."""

    code = "refused.not-delegated"

    def __init__(self, step: str, task: str, site: str) -> None:
        Refused.__init__(
            self,
            say(
                "You may not {step}: the delegation log of site {site} does not give you the task {task} today. Ask an investigator of the site to delegate it and sign.",
                step=step,
                site=site,
                task=task,
            ),
        )


class NotTrained(NotPermitted):
    """A training that the role needs is missing or no longer current."""

    code = "refused.not-trained"

    def __init__(self, step: str, training: str) -> None:
        Refused.__init__(
            self,
            say(
                "You may not {step}: your training {training} is missing or no longer current. Take it, and have the trial office record it.",
                step=step,
                training=training,
            ),
        )


class SidesMixed(NotPermitted):
    """A person who has stood on the unblinded side cannot act on the blinded one."""

    code = "refused.sides-mixed"

    def __init__(self, step: str) -> None:
        Refused.__init__(
            self,
            say(
                "You may not {step}: you hold or held a role of the unblinded side, and nobody works on both. Ask the trial office for somebody else.",
                step=step,
            ),
        )


class InvitationInvalid(Refused):
    """An invitation is forged, too old, used or withdrawn."""

    code = "refused.invitation-invalid"

    def __init__(self) -> None:
        super().__init__(
            "This invitation cannot be used: it is too old, was used or withdrawn, or the address "
            "is not whole. Ask the trial office for a new one."
        )
