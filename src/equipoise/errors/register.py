"""What the unblinded side refuses: proofs of who asks, and how often one may be told."""

from __future__ import annotations

from equipoise.errors.refused import NotPermitted, Refused
from equipoise.errors.said import say


class AssertionRefused(NotPermitted):
    """The PIN, code or key does not prove who asks, or not for this request."""

    code = "refused.assertion"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "Name and PIN do not fit, so nothing was shown. Check both and try again; "
            "after five wrong attempts there is a pause of 15 minutes.",
        )


class AssertionExpired(AssertionRefused):
    """The proof came later than two minutes after its question."""

    code = "refused.assertion-expired"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "More than two minutes went by before the PIN was given, so nothing was shown. "
            "Start again.",
        )


class AssertionUsed(AssertionRefused):
    """The same proof a second time: a page sent twice, or somebody who recorded it."""

    code = "refused.assertion-used"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "This request was answered once and is not answered again. "
            "Start again with your PIN if you still need it.",
        )


class TooManyWrong(AssertionRefused):
    """Too many wrong attempts under one name."""

    code = "refused.assertion-pause"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "There were five wrong attempts under this name, so it is paused for 15 minutes. "
            "In an emergency ask another investigator of the site now.",
        )


class RevealLimit(NotPermitted):
    """More emergency unblindings than the limits allow."""

    code = "refused.reveal-limit"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "The limit of emergency unblindings is reached: three in an hour for a person, ten "
            "in a day for the study. Call a custodian and enter the release code that you are "
            "given; each code opens one more.",
        )


class SamePerson(Refused):
    """One person gave both names where two are needed."""

    code = "refused.same-person"

    def __init__(self, step: str) -> None:
        super().__init__(
            say(
                "{step} needs a second person, and both names are the same. Ask a colleague to check it and to give their own name and PIN.",
                step=step,
            )
        )


class PinUnfit(Refused):
    """A PIN that is too short or too easily guessed."""

    code = "refused.pin"

    def __init__(self) -> None:
        super().__init__(
            "This PIN is too easily guessed. Choose eight characters or more, not one repeated, "
            "not a row such as 12345678, and not your name."
        )
