"""Addresses. Cleaning: queries, source verification, coding, deviations, laboratory files."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "data"
urlpatterns: list[URLPattern] = []
