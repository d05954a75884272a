"""Addresses that belong to no single audience."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.shared import sign_in, views

app_name = "shared"
urlpatterns = [
    path("day/", views.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("unblinded-side/", views.elsewhere, name="elsewhere"),
]
