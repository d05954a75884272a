"""A volunteer's own pages: studies, alerts, messages, notes, consents, export, erasure."""

from __future__ import annotations

import json

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from equipoise.errors import FormIncomplete
from equipoise_server.services.portal import annotate as noting
from equipoise_server.services.portal import consent_texts
from equipoise_server.services.portal.enquiry_status import statuses_of
from equipoise_server.services.portal.enter import choose as choose_for
from equipoise_server.services.portal.enter import drop_study, save_study
from equipoise_server.services.portal.leave_registry import (
    erase_volunteer,
    readable_in_backup_of,
    take_along,
)
from equipoise_server.services.portal.public_consent import give_consent, withdraw_consent
from equipoise_server.services.portal.volunteers import Known, alerts, consents
from equipoise_server.store.queries.listings import find
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.shared import volunteer_session
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.public_form import in_words
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.volunteer.entering import tree
from equipoise_server.web.volunteer.framed import volunteer_page


@volunteer_page
def space(page: Page, volunteer: Known) -> HttpResponse:
    """Everything that is kept, on one page."""
    names = {one.code: said(one.name, page.language) for one in public_sites()}
    mine = statuses_of(volunteer.token)
    context = {
        "volunteer": volunteer,
        "saved": [_titled(study, page.language) for study in volunteer.saved],
        "messages": [(names.get(one.site, one.site), one) for one in mine],
        "notes": noting.notes(volunteer.token, page.study) if page.trial else (),
        "alerts": [(*_titled(one.study, page.language), one) for one in alerts(volunteer.token)],
        "consents": _consents(volunteer.token, page.language),
        "tree": tree(page.language, volunteer.topics),
        "done": page.request.GET.get("done", ""),
    }
    return render(page, "volunteer/space.html", context)


def _titled(study: str, language: str) -> tuple[str, str]:
    found = find(study)
    return study, said(found.row.title, language) if found else study


def _consents(token: str, language: str) -> list[dict[str, object]]:
    given = consents(token)
    return [
        {
            "purpose": purpose,
            "text": consent_texts.say(purpose, language),
            "standing": next(
                (one for one in given if one.purpose == purpose and not one.withdrawn_at), None
            ),
            "past": [one for one in given if one.purpose == purpose and one.withdrawn_at],
        }
        for purpose in consent_texts.PURPOSES
    ]


def _back(done: str, part: str = "") -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('volunteer:space')}?done={done}{part}")


@volunteer_page
def choose(page: Page, volunteer: Known) -> HttpResponse:
    """Change fields and rhythm."""
    sent = page.request.POST
    if page.request.method == "POST":
        try:
            choose_for(
                volunteer.token,
                topics=sent.getlist("topic")[:100],
                rhythm=sent.get("rhythm", ""),
                language=page.language,
            )
        except FormIncomplete:
            return problem(page.request, 400)
    return _back("chosen")


@volunteer_page
def consent(page: Page, volunteer: Known) -> HttpResponse:
    """Give or withdraw one consent."""
    sent, now = page.request.POST, timezone.now()
    purpose = sent.get("purpose", "")
    if page.request.method != "POST" or purpose not in consent_texts.PURPOSES:
        return problem(page.request, 400)
    if sent.get("wish") == "give":
        give_consent(volunteer.token, purpose, language=page.language, channel="workspace", at=now)
    else:
        withdraw_consent(volunteer.token, purpose, at=now)
    return _back("consent", "#consents")


@volunteer_page
def save(page: Page, volunteer: Known) -> HttpResponse:
    """Keep a study, or keep it no longer."""
    study = page.request.POST.get("study", "")[:64]
    if page.request.method == "POST" and study:
        if page.request.POST.get("wish") == "drop":
            drop_study(volunteer.token, study)
        else:
            save_study(volunteer.token, study, at=timezone.now())
    return _back("saved")


@volunteer_page
def note(page: Page, volunteer: Known) -> HttpResponse:
    """Write a note on a passage of the study page."""
    sent = page.request.POST if page.request.method == "POST" else page.request.GET
    where, wrong = sent.get("at", "")[:64], ""
    passages = noting.public_passages(page.study, page.language)
    passage = next((one for one in passages if one.id == where), None)
    if passage is None:
        return problem(page.request, 404)
    if page.request.method == "POST":
        try:
            token = noting.annotate(
                volunteer.token,
                study=page.study,
                language=page.language,
                paragraph=where,
                text=sent.get("text", ""),
                at=timezone.now(),
            )
        except FormIncomplete as refused:
            wrong = in_words(refused)
        else:
            if sent.get("wish") == "ask":
                noting.share(volunteer.token, token, at=timezone.now())
            return _back("noted", "#notes")
    context = {"passage": passage, "text": sent.get("text", ""), "wrong": wrong}
    return render(page, "volunteer/note.html", context, status=400 if wrong else 200)


@volunteer_page
def change_note(page: Page, volunteer: Known, token: str) -> HttpResponse:
    """Rewrite, share or delete one's own note."""
    wish = page.request.POST.get("wish", "")
    try:
        if page.request.method != "POST":
            return problem(page.request, 404)
        if wish == "share":
            noting.share(volunteer.token, token, at=timezone.now())
        elif wish == "forget":
            noting.forget(volunteer.token, token)
        else:
            noting.rewrite(volunteer.token, token, text=page.request.POST.get("text", ""))
    except FormIncomplete:
        return problem(page.request, 400)
    return _back("noted", "#notes")


@volunteer_page
def export(page: Page, volunteer: Known) -> HttpResponse:
    """Everything as one file."""
    document = take_along(volunteer.token, page.study, at=timezone.now())
    text = json.dumps(document, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@volunteer_page
def erase(page: Page, volunteer: Known) -> HttpResponse:
    """Ask once more; then forget everything and sign out."""
    if page.request.method == "POST" and page.request.POST.get("sure") == "yes":
        erase_volunteer(volunteer.token, at=timezone.now())
        volunteer_session.end(page.request)
        return render(page, "volunteer/erased.html", {"until": readable_in_backup_of()})
    return render(page, "volunteer/erase.html")
