"""Addresses. Signatures, locks, redaction and amendments."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "finalise"
urlpatterns: list[URLPattern] = []
