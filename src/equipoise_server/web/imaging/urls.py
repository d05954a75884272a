"""Addresses. Files of records at the sites; masked reading at an address of its own."""

from __future__ import annotations

from django.urls import path

from equipoise_server.web.imaging import filing, reading

app_name = "imaging"
urlpatterns = [
    path("reading/", reading.worklist, name="worklist"),
    path("reading/<str:scan>/", reading.read, name="read"),
    path("reading/<str:scan>/<int:place>/<int:number>/", reading.picture, name="picture"),
    path("pictures/<str:code>/<str:form>/<str:visit>/<int:number>/", filing.files, name="files"),
    path("pictures/offered/<str:offer>/", filing.review, name="review"),
    path("files/offered/<str:offer>/<int:number>/", filing.offered, name="offered"),
    path("files/kept/<str:image>/<int:number>/", filing.kept, name="kept"),
]
