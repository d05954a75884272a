"""Addresses of the trial office."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.office import contacts, portal, questions, views

app_name = "office"
urlpatterns = [
    path("", views.day, name="day"),
    path("recruitment/", views.recruitment, name="recruitment"),
    path("flow/", views.flow, name="flow"),
    path("staff/", views.staff, name="staff"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/<str:token>/", contacts.contact, name="contact"),
    path("questions/", questions.questions, name="questions"),
    path("public/", portal.portal, name="portal"),
]
