"""Every address of the blinded web process."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = i18n_patterns(
    path("", include("equipoise_server.web.public.urls")),
    path("", include("equipoise_server.web.shared.urls")),
    path("site/", include("equipoise_server.web.site.urls")),
    path("office/", include("equipoise_server.web.office.urls")),
    path("entry/", include("equipoise_server.web.entry.urls")),
    path("results/", include("equipoise_server.web.results.urls")),
    path("stock/", include("equipoise_server.web.supply.urls")),
    path("people/", include("equipoise_server.web.people.urls")),
    path("data/", include("equipoise_server.web.data.urls")),
    path("exports/", include("equipoise_server.web.exports.urls")),
    path("finalise/", include("equipoise_server.web.finalise.urls")),
    path("volunteer/", include("equipoise_server.web.volunteer.urls")),
    path("consent/", include("equipoise_server.web.consent.urls")),
    path("me/", include("equipoise_server.web.participant.urls")),
    path("", include("equipoise_server.web.imaging.urls")),
)
urlpatterns.append(path("api/v1/", include("equipoise_server.web.api.urls")))
handler400 = "equipoise_server.web.shared.errors.bad_request"
handler403 = "equipoise_server.web.shared.errors.forbidden"
handler404 = "equipoise_server.web.shared.errors.not_found"
handler500 = "equipoise_server.web.shared.errors.broken"
