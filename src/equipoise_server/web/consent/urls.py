"""Addresses. Consent at the bedside and through a link; problems; the summary of results."""

from __future__ import annotations

from django.urls import URLPattern, path

from equipoise_server.web.consent import bedside, office, remote, tablet

app_name = "consent"
urlpatterns: list[URLPattern] = [
    path("", office.home, name="home"),
    path("problems/", office.home, name="problems"),
    path("problems/<str:problem>/", office.problem, name="problem"),
    path("results/", office.results, name="results"),
    path("read/<str:signed>/", remote.read, name="read"),
    path("tablet/", tablet.read, name="tablet"),
    path("tablet/back/", tablet.take_back, name="take-back"),
    path("<str:code>/", bedside.begin, name="begin"),
    path("<str:code>/talk/<str:talk>/", bedside.talk, name="talk"),
    path("<str:code>/sign/<str:talk>/", bedside.sign, name="sign"),
    path("<str:code>/copy/<str:talk>/", bedside.copy, name="copy"),
]
