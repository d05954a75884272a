"""Public addresses."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.public import (
    contacting,
    finding,
    fitting,
    letters,
    machines,
    proving,
    referring,
    views,
)

app_name = "public"
urlpatterns = [
    path("", views.study, name="study"),
    path("studies/", finding.listing, name="listing"),
    path("studies/<str:study>/", finding.detail, name="detail"),
    path("studies/<str:study>/record.json", machines.record, name="record"),
    path("studies/<str:study>/fhir.json", machines.fhir, name="fhir"),
    path("fits/", fitting.fits, name="fits"),
    path("contact/", contacting.contact, name="contact"),
    path("contact/status/<str:signed>/", contacting.status, name="status"),
    path("letters/", letters.letters, name="letters"),
    path("refer/", referring.refer, name="refer"),
    path("refer/code.svg", referring.picture, name="code"),
    path("proof.json", proving.proof, name="proof"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
]
