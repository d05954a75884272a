"""Refusals of cleaning: texts, files, lines."""

from __future__ import annotations

from equipoise.errors.refused import Refused
from equipoise.errors.said import say


class MayUnblind(Refused):
    """A free text uses words that could tell what somebody receives. The words are not repeated."""

    code = "refused.may-unblind"

    def __init__(self) -> None:
        super().__init__(
            "The text uses words that could tell somebody what a participant receives. "
            "Say it otherwise; or confirm that it tells nothing."
        )


class FileRefused(Refused):
    """A file is not what it should be. Nothing of it was read in."""

    code = "refused.file"

    def __init__(self, why: str) -> None:
        super().__init__(say("The file was not taken: {why}. Nothing was written.", why=why))


class LinesRejected(Refused):
    """Some lines of a file cannot be taken, so none was."""

    code = "refused.lines"

    def __init__(self, lines: tuple[int, ...]) -> None:
        shown = ", ".join(str(one) for one in lines[:10]) + (" ..." if len(lines) > 10 else "")
        super().__init__(
            say(
                "{lines} line(s) of the file cannot be taken ({shown}), so nothing was written. Correct them at the laboratory, and send the whole file again.",
                lines=len(lines),
                shown=shown,
            )
        )
