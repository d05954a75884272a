"""Addresses. People of the trial: accounts, factors, memberships, delegation and training."""

from __future__ import annotations

from django.urls import URLPattern, path

from equipoise_server.web.people import delegations, invitation, me, members, roles, trainings

app_name = "people"
urlpatterns: list[URLPattern] = [
    path("", members.home, name="home"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite_somebody, name="invite"),
    path("members/withdraw/", members.withdraw, name="withdraw"),
    path("members/appoint/", members.appoint_again, name="appoint"),
    path("members/end/", members.end, name="end"),
    path("members/reset/", members.reset, name="reset"),
    path("invitation/<str:link>/", invitation.invitation, name="invitation"),
    path("roles/", roles.history, name="roles"),
    path("roles.csv", roles.as_csv, name="roles-csv"),
    path("delegations/", delegations.first, name="delegations"),
    path("delegations/<str:site>/", delegations.log, name="log"),
    path("delegations/<str:site>/end/", delegations.end, name="end-delegation"),
    path("trainings/", trainings.trainings, name="trainings"),
    path("trainings/record/", trainings.record, name="record-training"),
    path("trainings/demand/", trainings.demand, name="demand-training"),
    path("me/", me.me, name="me"),
    path("me/password/", me.password, name="password"),
    path("me/factors/", me.factors, name="factors"),
    path("confirm/", me.confirm, name="confirm"),
]
