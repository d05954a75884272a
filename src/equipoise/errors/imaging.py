"""Refusals about files of pictures and their masked readings."""

from __future__ import annotations

from equipoise.errors.refused import NotPermitted, Refused
from equipoise.errors.said import say
from equipoise.errors.trouble import Conflict, IntegrityError


class NotLookedAt(Refused):
    """Nobody has confirmed that nothing on a picture says whose it is."""

    code = "refused.not-looked-at"

    def __init__(self, *, closely: bool) -> None:
        how = "Look at every picture at full size, and confirm" if closely else "Confirm"
        super().__init__(
            say(
                "The file was not attached: nobody has confirmed that nothing on it says whose it is. {how} that no name, number or date can be read.",
                how=how,
            )
        )


class ScoresAreRead(Refused):
    """Scores of masked readings come from the readers alone."""

    code = "refused.scores-are-read"

    def __init__(self, item: str) -> None:
        super().__init__(
            say(
                "The answer to {item} comes from the masked readers and cannot be typed. Leave it as it is; it is filled in when the readings are complete.",
                item=item,
            )
        )


class NotMasked(NotPermitted):
    """A reader who knows, or could know, whose picture it is."""

    code = "refused.not-masked"

    def __init__(self) -> None:
        Refused.__init__(
            self,
            "Pictures are read by people who hold, and have held, no other role in the trial: "
            "anybody else could know whose picture it is. Ask the trial office for a reader.",
        )


class AlreadyRead(Refused):
    """The picture is read no more by this person, or by nobody."""

    code = "refused.already-read"

    def __init__(self, scan: str, why: str) -> None:
        super().__init__(
            say("{scan} was not read: {why}. Go on with the next one.", scan=scan, why=why)
        )


class PicturesChanged(Conflict):
    """The pictures are not those that were shown any more."""

    code = "conflict.pictures-changed"

    def __init__(self, scan: str) -> None:
        super().__init__(
            say(
                "The pictures of {scan} have changed since you opened them; your scores were not kept. Open it again, and read what is there now.",
                scan=scan,
            )
        )


class FileMissing(IntegrityError):
    """A file that the database names is gone or altered."""

    code = "integrity.file-missing"

    def __init__(self, sha256: str) -> None:
        super().__init__(
            say(
                "File {sha256}... is missing or was changed since it was kept. Stop using it, and have it restored from the backup.",
                sha256=sha256[:12],
            )
        )
