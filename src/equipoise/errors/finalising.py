"""What is refused once data are signed, locked or amended."""

from __future__ import annotations

from equipoise.errors.ground import Place
from equipoise.errors.protocol import ProtocolError
from equipoise.errors.refused import Locked, Refused
from equipoise.errors.said import listed, say


class PartLocked(Locked):
    """A record, visit, participant or site is locked."""

    code = "refused.part-locked"

    def __init__(self, what: str, step: str) -> None:
        Refused.__init__(
            self,
            say(
                "{what} is locked, so {step} was refused. Two persons can unlock it, each with a reason.",
                what=what,
                step=step,
            ),
        )


class NotReady(Refused):
    """What is to be locked is not finished. `open_points` name each thing that is left.

    `places`: the first records among them, each as participant, form, visit and number.
    """

    code = "refused.not-ready"

    def __init__(
        self,
        what: str,
        open_points: tuple[str, ...],
        places: tuple[tuple[str, str, str, int], ...] = (),
    ) -> None:
        self.open_points = open_points
        self.places = places
        super().__init__(
            say(
                "{what} was not locked: {open_points}. See the checklist, and finish these.",
                what=what,
                open_points=listed(open_points, "; "),
            )
        )


class WaitsForBoard(Refused):
    """Randomisation waits for a decision of the safety board about `about`."""

    code = "refused.waits-for-board"

    def __init__(self, about: str, why: str) -> None:
        self.about = about
        super().__init__(
            say(
                "Nobody was randomised: {why}. Wait for the decision of the safety board; the trial office knows when it meets.",
                why=why,
            )
        )


class StoppedByBoard(Refused):
    """The safety board has stopped the trial after an interim look: nobody more is randomised."""

    code = "refused.stopped-by-board"

    def __init__(self) -> None:
        super().__init__(
            say(
                "Nobody was randomised: the safety board has stopped randomisation. Follow those who are in the trial as planned, and ask the sponsor what this participant is to be offered."
            )
        )


class AmendmentRefused(Refused):
    """An amendment cannot be published, activated or followed."""

    code = "refused.amendment"

    def __init__(self, why: str) -> None:
        super().__init__(say("The amendment was refused: {why}. Nothing was changed.", why=why))


class LensMissing(ProtocolError):
    """Older records could not be read as they were meant."""

    code = "protocol.lens"

    def __init__(self, form: str, items: tuple[str, ...]) -> None:
        super().__init__(
            Place("lenses"),
            say(
                "Form {form} has changed in {items}, and no lens says how older records are read. Declare it: add, retire, rename, recode or convert.",
                form=form,
                items=listed(items),
            ),
        )
