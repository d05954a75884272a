"""Addresses that belong to no single audience."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.shared import factor_pages, sign_in, views

app_name = "shared"
urlpatterns = [
    path("day/", views.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/second/", factor_pages.second_step, name="second-factor"),
    path("sign-in/enrol/", factor_pages.enrol, name="enrol"),
    path("sign-in/passkey/", factor_pages.passkey_sign_in, name="passkey"),
    path("sign-in/passkey/options/", factor_pages.passkey_options, name="passkey-options"),
    path("sign-in/left/", views.time_left, name="time-left"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("unblinded-side/", views.elsewhere, name="elsewhere"),
]
