"""Addresses. Volunteers: sign-up, workspace, alerts, annotations."""

from __future__ import annotations

from django.urls import URLPattern, path

from equipoise_server.web.volunteer import entering, space

app_name = "volunteer"
urlpatterns: list[URLPattern] = [
    path("", entering.start, name="start"),
    path("mailed/", entering.mailed, name="mailed"),
    path("confirm/<str:signed>/", entering.confirming, name="confirm"),
    path("sign-in/", entering.sign_in, name="sign-in"),
    path("enter/<str:signed>/", entering.enter, name="enter"),
    path("stop/<str:signed>/", entering.stop, name="stop"),
    path("sign-out/", entering.sign_out, name="sign-out"),
    path("space/", space.space, name="space"),
    path("choose/", space.choose, name="choose"),
    path("consent/", space.consent, name="consent"),
    path("save/", space.save, name="save"),
    path("note/", space.note, name="note"),
    path("notes/<str:token>/", space.change_note, name="change-note"),
    path("export/", space.export, name="export"),
    path("erase/", space.erase, name="erase"),
]
