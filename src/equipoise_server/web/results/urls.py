"""Addresses of the results."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.results import views

app_name = "results"
urlpatterns = [
    path("", views.results, name="results"),
    path("blinded/", views.day, name="day"),
    path("files/<path:name>", views.file, name="file"),
]
