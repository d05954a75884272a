"""Addresses. Volunteers: sign-up, workspace, alerts, annotations."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "volunteer"
urlpatterns: list[URLPattern] = []
