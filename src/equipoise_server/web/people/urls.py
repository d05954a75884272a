"""Addresses. People of the trial: accounts, factors, memberships, delegation and training."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "people"
urlpatterns: list[URLPattern] = []
