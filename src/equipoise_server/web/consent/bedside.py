"""Consent with the staff: begin, hand over the tablet, answer questions, sign, print the copy."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from equipoise.errors import EquipoiseError, UnknownRecord
from equipoise.participant import ParticipantState
from equipoise.participant.deferral import lapsed
from equipoise_server.services.access import permissions
from equipoise_server.services.consenting.consent_defer import defer_consent
from equipoise_server.services.consenting.consent_sign import copy_of, countersign, decline, purpose
from equipoise_server.services.consenting.consent_talk import (
    ROLES,
    Persons,
    Talk,
    answer_asked,
    asked_of,
    begin_consent,
    persons_of,
    talk_of,
)
from equipoise_server.services.consenting.read_identity import known_identity, note_reading
from equipoise_server.store.queries import consents
from equipoise_server.web.consent.frame import (
    CAPACITIES,
    IDENTITY,
    KIND,
    MODES,
    attempt,
    me,
    refusal,
    who,
)
from equipoise_server.web.consent.tablet import hand_over
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.proof import is_kept, prove, prove_fields
from equipoise_server.web.shared.public_form import readable
from equipoise_server.web.shared.rendering import render

FIELDS = ("name", "relation", "address", "phone", "copies")


@require_http_methods(["GET", "POST"])
@page_for(KIND)
@readable
def begin(page: Page, code: str) -> HttpResponse:
    """What was signed, what is open, and the beginning of a new conversation."""
    state, sent, error = who(page, code), page.request.POST, None
    if page.request.method == "POST":
        if "defer" in sent:
            error = attempt(lambda: _defer(page, code))
            onward = reverse("entry:work", args=[code]) + "?done=defer"
        else:
            found: list[str] = []
            error = attempt(lambda: found.append(_begin(page, code)))
            onward = reverse("consent:begin", args=[code]) + "?done=mailed"
            if found and sent.get("mode") == "bedside":
                return hand_over(page.request, talk_of(found[0]), me(page))
        if error is None:
            return HttpResponseRedirect(onward)
    return _begin_page(page, code, state, error)


def _begin(page: Page, code: str) -> str:
    sent = page.request.POST
    return begin_consent(
        participant=code,
        mode=sent.get("mode", ""),
        capacity=sent.get("capacity", ""),
        language=sent.get("language", page.language),
        persons=_persons(page),
        by=me(page),
        at=timezone.now(),
        key=sent.get("key", "")[:200] or code,
    )


def _persons(page: Page) -> Persons:
    sent = page.request.POST
    found = {
        role: {name: sent.get(f"{role}.{name}", "").strip() for name in FIELDS} for role in ROLES
    }
    return {
        role: person
        for role, person in found.items()
        if role == "participant" or any(person.values())
    }


def _known(page: Page, code: str) -> Persons:
    """Who it is as far as was told before: in a message, or at an earlier conversation."""
    return {"participant": known_identity(code, by=me(page), at=timezone.now())}


def _defer(page: Page, code: str) -> None:
    sent = page.request.POST
    defer_consent(
        participant=code,
        reason=sent.get("reason", ""),
        by=me(page),
        at=timezone.now(),
        key=sent.get("key", "")[:200] or code,
    )


def _begin_page(
    page: Page, code: str, state: ParticipantState, error: EquipoiseError | None
) -> HttpResponse:
    rule = page.study.protocol.deferred_consent
    may_defer = (
        rule is not None
        and not state.covered
        and permissions.may("defer consent", by=me(page), at=timezone.now(), site=state.site)
    )
    reasons = rule.reasons.items() if rule is not None and may_defer else ()
    context = {
        **refusal(error),
        "code": code,
        "state": state,
        "overdue": lapsed(state, timezone.now()),
        "talks": consents.talks_of(code),
        "wanted": consents.to_agree_to(code, timezone.now()),
        "modes": MODES.items(),
        "capacities": CAPACITIES.items(),
        "languages_of": page.study.protocol.languages,
        "deferral": rule,
        "reasons": [(one, text.say(page.language)) for one, text in reasons],
        "done": page.request.GET.get("done", ""),
        "typed": page.request.POST,
        "given": _persons(page) if page.request.method == "POST" else _known(page, code),
        "crumbs": _crumbs(code),
    }
    return render(page, "consent/begin.html", context, status=409 if error else 200)


def _crumbs(code: str) -> tuple[tuple[str, str], ...]:
    return (
        (_("Participants"), reverse("site:participants")),
        (code, reverse("entry:work", args=[code])),
    )


def _talk(page: Page, code: str, token: str) -> Talk:
    who(page, code)
    try:
        found = talk_of(token)
    except UnknownRecord as problem:
        raise Http404 from problem
    if found.code != code:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@page_for(KIND)
@readable
def talk(page: Page, code: str, talk: str) -> HttpResponse:
    """Hand the tablet over for the person to read and sign; the staff's session ends with that."""
    found = _talk(page, code, talk)
    over = found.row.ended_at is not None or found.row.signed_at is not None
    if page.request.method == "POST" and not over and found.row.mode == "bedside":
        return hand_over(page.request, found, me(page))
    return HttpResponseRedirect(reverse("consent:sign", args=(code, talk)))


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@page_for(KIND)
@readable
def sign(page: Page, code: str, talk: str) -> HttpResponse:
    """The staff's side: questions to answer, the second signature, or the end without one."""
    found, error = _talk(page, code, talk), None
    if page.request.method == "POST":
        error = attempt(lambda: _do(page, found))
        if error is None:
            return HttpResponseRedirect("?done=1")
    note_reading(code, "consent", by=me(page), at=timezone.now())
    context = {
        **refusal(error),
        "code": code,
        "talk": found.row,
        "document": found.document,
        "persons": [(role, person) for role, person in persons_of(found).items()],
        "asked": asked_of(found),
        "left": found.left,
        "understood": len(found.understood),
        "tries": len(found.row.answers),
        "checks": IDENTITY.items(),
        "prove": prove_fields(page),
        "proved": is_kept(page.request, purpose(talk)),
        "done": page.request.GET.get("done", ""),
        "capacity": CAPACITIES[found.row.capacity],
        "name": me(page).full_name,
        "crumbs": _crumbs(code),
    }
    return render(page, "consent/sign.html", context, status=409 if error else 200)


def _do(page: Page, found: Talk) -> None:
    sent, at, token = page.request.POST, timezone.now(), found.row.token
    if "answer" in sent:
        answer_asked(token, sent["answer"][:40], sent.get("text", ""), by=me(page), at=at)
    elif "decline" in sent:
        decline(token, by=me(page), at=at)
    else:
        countersign(
            token,
            identity=sent.get("identity", ""),
            proof=prove(page, purpose(token), at=at),
            by=me(page),
            at=at,
            key=sent.get("key", "")[:200] or token,
        )


@require_safe
@page_for(KIND)
def copy(page: Page, code: str, talk: str) -> HttpResponse:
    """The signed copy, to print and hand over."""
    _talk(page, code, talk)
    try:
        drawn, _language = copy_of(talk, code)
    except UnknownRecord as problem:
        raise Http404 from problem
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="consent-{code}.pdf"'
    return answer
