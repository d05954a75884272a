"""Addresses of the exports."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.home, name="home"),
    path("study/", views.study, name="study"),
    path("site/", views.site, name="site"),
]
