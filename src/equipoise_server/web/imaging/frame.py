"""What the pages of files and readings share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise.errors import EquipoiseError
from equipoise.protocol.imaging import FileKind, FileRule
from equipoise_server.services.imaging.kinds import kind_of
from equipoise_server.store.models import User
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import Words

MEANINGS: dict[str, Words] = {
    "refused.file": _("The file was not taken."),
    "refused.not-looked-at": _("Confirm that you looked, and that nothing says whose it is."),
    "refused.already-read": _("You do not read this one any more."),
    "refused.not-masked": _("You hold, or have held, another role: you could know whose it is."),
    "refused.invalid-record": _("A score is missing or impossible."),
    "refused.reason-required": _("Say why."),
    "refused.already-recorded": _("This was done already."),
    "refused.unknown": _("There is no such thing any more. Open the page again."),
    "refused.locked": _("The study is locked, so nothing can be changed."),
    "refused.part-locked": _("This is locked. Two persons can unlock it."),
    "refused.already-withdrawn": _("The participant withdrew the use of data."),
    "refused.out-of-order": _("The date of the pictures lies ahead, or is none."),
    "conflict.pictures-changed": _(
        "The pictures have changed since you opened them. Read what is there now."
    ),
}
SUFFIX: dict[FileKind, tuple[str, str]] = {
    "dicom": ("dcm", "application/dicom"),
    "png": ("png", "image/png"),
    "pdf": ("pdf", "application/pdf"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of something that was sent: an error with its meaning, or nothing wrong."""

    error: EquipoiseError | None = None
    answer: Any = None

    @property
    def meaning(self) -> Words:
        """The refusal in the viewer's language."""
        code = self.error.code if self.error else ""
        return MEANINGS.get(code, _("This was not done. Nothing was changed."))


def me(page: Page) -> User:
    """The person who is signed in; these pages are behind the sign-in."""
    user = page.viewer.user
    if user is None:
        raise Http404
    return user


def attempt(page: Page, work: Callable[[User, datetime, str], Any]) -> Outcome:
    """Do what was sent, under the key of the form, so that sending twice does it once."""
    key = page.request.POST.get("key", "") or token_hex(16)
    try:
        return Outcome(answer=work(me(page), timezone.now(), key[:200]))
    except EquipoiseError as error:
        return Outcome(error=error)


def new_key() -> str:
    """The key of a form that is shown."""
    return token_hex(16)


def number(text: str | None) -> int:
    """A whole number that was sent; 0 where there is none."""
    given = text or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def window_of(page: Page, rule: FileRule | None) -> Any:
    """The window that the address asks for; None leaves it to the file."""
    from equipoise_server.services.imaging.pictures import Grey

    wanted = page.request.GET.get("window", "")
    found = next((one for one in (rule.windows if rule else ()) if one.id == wanted), None)
    return found and Grey(centre=found.centre, width=found.width)


def picture(page: Page, data: bytes, name: str, frame: int, rule: FileRule | None) -> HttpResponse:
    """One frame of a kept file, drawn."""
    from equipoise_server.services.imaging.pictures import drawn

    kind = kind_of(data, len(data))
    content = drawn(data, kind, frame=frame - 1, grey=window_of(page, rule))
    return given(content, f"{name}-{frame}.png", "image/png")


def given(content: bytes, name: str, kind: str) -> HttpResponse:
    """Bytes that a browser keeps to itself: never run, never guessed at, never stored."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
