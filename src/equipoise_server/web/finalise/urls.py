"""Addresses. Finalising: signatures, locks, redaction, amendments."""

from __future__ import annotations

from django.urls import URLPattern, path

from equipoise_server.web.finalise import agreeing, amending, interim, locking, signing

app_name = "finalise"
urlpatterns: list[URLPattern] = [
    path("", signing.signatures_waiting, name="signatures"),
    path("sign/<str:code>/<slug:rule>/", signing.dialogue, name="sign"),
    path("locks/", locking.locks, name="locks"),
    path("locks/checklist/", locking.checklist_of, name="checklist"),
    path("two-persons/", agreeing.waiting, name="proposals"),
    path("two-persons/<int:number>/", agreeing.answer, name="proposal"),
    path("redact/<str:code>/<str:form>/<str:visit>/<int:number>/", agreeing.redact, name="redact"),
    path("redact/<str:code>/", agreeing.redact_texts, name="redact-texts"),
    path("amendments/", amending.listing, name="amendments"),
    path("amendments/<int:number>/", amending.amendment, name="amendment"),
    path("board/", amending.board, name="board"),
    path("interim/", interim.looks, name="interim"),
]
