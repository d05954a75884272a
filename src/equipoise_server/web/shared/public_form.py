"""Forms that anybody may send: no cookie, a proof of work in place of a session's token."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from equipoise.errors import EquipoiseError, FormIncomplete, ProofRefused, TooManyRequests
from equipoise_server.services.portal import public_limits
from equipoise_server.services.portal.public_limits import TRAP, Sender
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, View, open_page

FIELDS: dict[str, str | Promise] = {
    "name": _("your name"),
    "address": _("the e-mail address"),
    "phone": _("the telephone number"),
    "window": _("the time at which we may call"),
    "text": _("the text"),
    "consent": _("your consent"),
    "alerts": _("your consent to mail"),
    "site": _("the hospital"),
    "topics": _("the fields"),
    "rhythm": _("how often"),
}


def public_form(view: View) -> View:
    """A view that everybody may open and send to, without a session or a cookie."""
    return csrf_exempt(open_page(readable(view)))


def readable(view: View) -> View:
    """A view that answers 400 to a form with a zero byte, which no database column can hold."""

    @wraps(view)
    def framed(page: Page, *given: Any, **named: Any) -> HttpResponseBase:
        sent = page.request.POST
        if any("\x00" in one for name in sent for one in sent.getlist(name)):
            return problem(page.request, 400)
        return view(page, *given, **named)

    return framed


def require_human(request: HttpRequest) -> None:
    """Refuse what a machine would send.

    Raises:
        ProofRefused, TooManyRequests: see `services.portal.public_limits`.

    """
    sent = request.POST
    sender = Sender(
        proof=sent.get("proof", ""),
        stamp=sent.get("stamp", ""),
        trap=sent.get(TRAP, ""),
        network=public_limits.caller(request.META),
    )
    public_limits.require_human(sender, at=timezone.now())


def in_words(problem: EquipoiseError) -> str:
    """Why a form was not taken, in the reader's language."""
    if isinstance(problem, FormIncomplete):
        named = [str(FIELDS.get(one, one)) for one in problem.fields]
        return str(_("Please look again at: %(fields)s.")) % {"fields": ", ".join(named)}
    if isinstance(problem, TooManyRequests):
        return str(_("There were too many requests. Please wait an hour and try again."))
    if isinstance(problem, ProofRefused):
        return str(
            _("The check against machines did not pass. Please wait a moment and send again.")
        )
    return str(_("This was not done. Please try again."))


def stamp() -> str:
    """When the form was shown, signed; it goes back with it."""
    return public_limits.stamp(timezone.now())
