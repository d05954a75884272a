"""Addresses of data entry."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.entry import (
    acting,
    bedside,
    drafts,
    forms,
    overview,
    printing,
    stopping,
    watching,
)

app_name = "entry"
urlpatterns = [
    path("rules.js", forms.rules_script, name="rules"),
    path("new/", acting.new, name="new"),
    path("<str:code>/", overview.work, name="work"),
    path("<str:code>/do/<slug:action>/", acting.act, name="act"),
    path("<str:code>/dose/", bedside.dose, name="dose"),
    path("<str:code>/dose/<int:number>/", stopping.stop, name="stop"),
    path("<str:code>/watch/", watching.watch, name="watch"),
    path("<str:code>/<str:form>/next/", forms.following, name="next"),
    path("<str:code>/<str:form>/<str:visit>/<int:number>/draft/", drafts.draft, name="draft"),
    path(
        "<str:code>/<str:form>/<str:visit>/<int:number>/<slug:kind>.pdf",
        printing.printed,
        name="print",
    ),
    path("<str:code>/<str:form>/<str:visit>/<int:number>/", forms.form, name="form"),
]
