"""Addresses of the stock."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.supply import views

app_name = "supply"
urlpatterns = [
    path("", views.sites, name="sites"),
    path("<str:site>/", views.stock, name="stock"),
    path("<str:site>/account/", views.account, name="account"),
    path("<str:site>/labels/<str:kit>.pdf", views.labels, name="labels"),
    path("<str:site>/<str:act>/", views.act, name="act"),
]
