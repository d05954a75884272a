"""For clinicians: a link and a code to hand to a patient. Nothing about the patient is asked."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode

import segno
from django.http import HttpResponse
from django.urls import reverse

from equipoise_server.services.letters.mail import link
from equipoise_server.services.portal.count_public import known_source
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render


def _there(page: Page) -> str:
    via = known_source(page.request.GET.get("via", ""))
    return link(reverse("public:study")) + (f"?{urlencode({'via': via})}" if via else "")


@open_page
def refer(page: Page) -> HttpResponse:
    """The link, the code as a picture, and a sheet to print."""
    if page.trial is None:
        return render(page, "public/none.html")
    protocol = page.study.protocol
    context = {
        "there": _there(page),
        "via": known_source(page.request.GET.get("via", "")),
        "title": protocol.title.say(page.language),
        "population": protocol.population.say(page.language),
    }
    return render(page, "public/refer.html", context)


@open_page
def picture(page: Page) -> HttpResponse:
    """The code as SVG."""
    drawn = BytesIO()
    segno.make(_there(page), error="m").save(drawn, kind="svg", scale=6, border=4, xmldecl=False)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
