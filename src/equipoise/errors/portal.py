"""What the public side refuses: links, proofs, too many requests, mail."""

from __future__ import annotations

from equipoise.errors.refused import Refused
from equipoise.errors.said import listed, say
from equipoise.errors.trouble import ExternalError


class LinkInvalid(Refused):
    """A mailed link is forged, too old, or has been used."""

    code = "refused.link-invalid"

    def __init__(self, why: str = "it is not one of ours") -> None:
        super().__init__(
            say("This link was refused: {why}. Ask for a new one on the same page.", why=why)
        )


class ProofRefused(Refused):
    """A form of the public side came as a machine would send it."""

    code = "refused.proof"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            say(
                "The form was not accepted: {why}. Reload the page, fill it in again and wait until the check says that it is done.",
                why=why,
            )
        )


class TooManyRequests(Refused):
    """More requests from one address or network than a person makes."""

    code = "refused.too-many"

    def __init__(self) -> None:
        super().__init__(
            "There were too many requests from this address or network. Wait an hour and try again."
        )


class FormIncomplete(Refused):
    """A public form lacks something or holds something that does not fit."""

    code = "refused.form-incomplete"

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        super().__init__(
            say(
                "The form was not accepted: look at {fields}. Nothing was stored.",
                fields=listed(fields),
            )
        )


class MailNotTaken(ExternalError):
    """The mail server did not take a letter. It stays in the queue."""

    code = "external.mail"

    def __init__(self, why: str, *, permanent: bool = False, server_down: bool = False) -> None:
        self.permanent = permanent
        self.server_down = server_down
        super().__init__(
            say(
                "The mail server did not take a letter ({why}). It stays in the queue and is sent again. If this goes on, look at EQUIPOISE_SMTP.",
                why=why,
            )
        )
