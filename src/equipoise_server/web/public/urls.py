"""Public addresses."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.public import views

app_name = "public"
urlpatterns = [path("", views.study, name="study")]
