"""Addresses of the trial office."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.office import views

app_name = "office"
urlpatterns = [
    path("", views.day, name="day"),
    path("recruitment/", views.recruitment, name="recruitment"),
    path("flow/", views.flow, name="flow"),
    path("staff/", views.staff, name="staff"),
]
