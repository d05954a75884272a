"""What the pages of consent share: who asks, about whom, and refusals in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from equipoise.errors import EquipoiseError, FormIncomplete, said_of
from equipoise.participant import ParticipantState
from equipoise_server.store.models import User
from equipoise_server.store.queries import participants as people
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import Words

KIND = "consenting"
FIELDS: dict[str, Words] = {
    "read": gettext_lazy("sections that are not read yet"),
    "questions": gettext_lazy("questions that are not answered rightly yet"),
    "asked": gettext_lazy("a question that the team has not answered yet"),
    "statements": gettext_lazy("statements that are not ticked"),
    "name": gettext_lazy("the name: write it as it was given at the beginning"),
    "participant": gettext_lazy("the name of the participant"),
    "representative": gettext_lazy("the name of the representative"),
    "address": gettext_lazy("the e-mail address"),
    "text": gettext_lazy("the text"),
    "identity": gettext_lazy("how identity was made sure"),
    "level": gettext_lazy("from what"),
    "en": gettext_lazy("the English text"),
    "zh-Hans": gettext_lazy("the Chinese text"),
}
MEANINGS: dict[str, Words] = {
    "refused.factor-required": gettext_lazy("Give your password and second factor for this act."),
    "refused.factor-refused": gettext_lazy(
        "Password and second factor do not fit, or were used already."
    ),
    "refused.not-permitted": gettext_lazy("Your role does not allow this here."),
    "refused.not-delegated": gettext_lazy("The delegation log does not give you this task."),
    "refused.locked": gettext_lazy("The study is locked, so nothing can be changed."),
    "refused.already-recorded": gettext_lazy("This was done already."),
    "refused.out-of-order": gettext_lazy("This is not the moment for it. Read why below."),
    "refused.not-consented": gettext_lazy("The protocol does not allow this without consent."),
    "refused.consent-lapsed": gettext_lazy("Consent was deferred and is overdue. Take it first."),
    "refused.reconsent-due": gettext_lazy("The new version of the consent has to be signed first."),
    "refused.not-locked": gettext_lazy("The study is not locked yet, so there are no results."),
}
CAPACITIES: dict[str, Words] = {
    "participant": gettext_lazy("the participant"),
    "representative": gettext_lazy("a legally authorised representative"),
}
MODES: dict[str, Words] = {
    "bedside": gettext_lazy("here, on this tablet"),
    "remote": gettext_lazy("remotely, through a mailed link"),
}
IDENTITY: dict[str, Words] = {
    "document": gettext_lazy("an identity document"),
    "known": gettext_lazy("I know the person"),
    "call": gettext_lazy("a video call"),
}


def me(page: Page) -> User:
    """The member of the staff who is signed in."""
    if page.viewer.user is None:
        raise Http404
    return page.viewer.user


def who(page: Page, code: str) -> ParticipantState:
    """A participant of a site where the viewer works.

    Raises:
        Http404: nobody has this code. NotPermitted: another site.

    """
    state = people.state(code)
    if state is None:
        raise Http404
    page.require_site(KIND, state.site)
    return state


def meaning(error: EquipoiseError) -> str:
    """A refusal in the reader's language."""
    if isinstance(error, FormIncomplete):
        named = [str(FIELDS.get(one, one)) for one in error.fields]
        return _("Please look again at: %(fields)s.") % {"fields": "; ".join(named)}
    return str(MEANINGS.get(error.code, _("This was not done. Nothing was changed.")))


def attempt(work: Callable[[], object]) -> EquipoiseError | None:
    """Do what was sent; the refusal, if any."""
    try:
        work()
    except EquipoiseError as error:
        return error
    return None


def refusal(error: EquipoiseError | None) -> dict[str, str]:
    """A refusal as the templates show it."""
    return {
        "meaning": meaning(error) if error else "",
        "sentence": said_of(error) if error else "",
        "code_of": error.code if error else "",
        "key": token_hex(16),
    }
