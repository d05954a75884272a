"""Addresses. Cleaning: queries, source verification, coding, deviations, laboratory files."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.data import asking, comparing, departing, laboratory, terms

app_name = "data"
RECORD = "<str:code>/<str:form>/<str:visit>/<int:number>/"
urlpatterns = [
    path("queries/", asking.queries, name="queries"),
    path("queries/<int:number>/", asking.query, name="query"),
    path(f"queries/new/{RECORD}", asking.ask, name="ask"),
    path("verification/", comparing.verification, name="verification"),
    path(f"verification/{RECORD}", comparing.compare, name="compare"),
    path("coding/", terms.worklist, name="coding"),
    path(
        "coding/<str:who>/<str:form>/<str:visit>/<int:number>/<str:item>/", terms.code, name="code"
    ),
    path("deviations/", departing.deviations, name="deviations"),
    path("deviations/new/", departing.report, name="report"),
    path("deviations/<int:number>/", departing.deviation, name="deviation"),
    path("laboratory/", laboratory.transfers, name="transfers"),
    path("laboratory/<int:number>/", laboratory.look, name="preview"),
]
