"""Questions that volunteers shared on passages of the study page."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from equipoise.errors import FormIncomplete, UnknownRecord
from equipoise_server.services.portal.annotate import answer_question
from equipoise_server.services.portal.annotate import questions as shared
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.public_form import in_words, readable
from equipoise_server.web.shared.rendering import render


@page_for("questions")
@readable
def questions(page: Page) -> HttpResponse:
    """Answer, or close without an answer. Nobody sees here who asked."""
    user, sent, wrong = page.viewer.user, page.request.POST, ""
    assert user is not None
    if page.request.method == "POST":
        text = "" if sent.get("wish") == "close" else sent.get("text", "")
        try:
            if sent.get("wish") != "close" and not text.strip():
                raise FormIncomplete(("text",))
            answer_question(sent.get("token", ""), text=text, by=user, at=timezone.now())
        except FormIncomplete as refused:
            wrong = in_words(refused)
        except UnknownRecord:
            return problem(page.request, 404)
        else:
            return HttpResponseRedirect(reverse("office:questions"))
    context = {"questions": shared(by=user, at=timezone.now()), "wrong": wrong}
    return render(page, "office/questions.html", context, status=400 if wrong else 200)
