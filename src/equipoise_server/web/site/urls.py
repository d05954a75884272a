"""Addresses about participants."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.site import views

app_name = "site"
urlpatterns = [
    path("", views.day, name="day"),
    path("participants/", views.participants, name="participants"),
    path("matrix/", views.matrix, name="matrix"),
    path("participants/<str:code>/", views.participant, name="participant"),
    path(
        "participants/<str:code>/<str:form>/<str:visit>/<int:number>/",
        views.record,
        name="record",
    ),
]
