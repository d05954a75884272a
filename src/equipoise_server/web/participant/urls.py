"""Addresses. Participants' own pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from equipoise_server.web.participant import diary, entering, home, own

app_name = "participant"
urlpatterns: list[URLPattern] = [
    path("", home.today, name="home"),
    path("sign-in/", entering.sign_in, name="sign-in"),
    path("mailed/", entering.mailed, name="mailed"),
    path("enter/<str:signed>/", entering.enter, name="enter"),
    path("sign-out/", entering.sign_out, name="sign-out"),
    path("worker.js", diary.worker, name="worker"),
    path("diary/", diary.days, name="diary"),
    path("diary/<int:number>/", diary.day, name="day"),
    path("problem/", own.problem, name="problem"),
    path("copy/<str:talk>/", own.copy, name="copy"),
    path("withdraw/", own.withdraw, name="withdraw"),
    path("reminders/", own.reminders, name="reminders"),
    path("results/", own.results, name="results"),
]
