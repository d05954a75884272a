"""Addresses. Participants' own pages."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "participant"
urlpatterns: list[URLPattern] = []
