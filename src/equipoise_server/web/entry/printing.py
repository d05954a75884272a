"""A form on paper: blank, annotated, or as it is filled in."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from equipoise.exchange.paper import Filled, form_page, pdf
from equipoise_server.store.queries import trial
from equipoise_server.web.entry.spot import KIND, Spot, spot
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.values import visit_title

KINDS = ("blank", "annotated", "filled")


@require_safe
@page_for(KIND)
def printed(page: Page, code: str, form: str, visit: str, number: int, kind: str) -> HttpResponse:
    """The form as PDF in the language of the page."""
    here = spot(page, code, form, visit, number)
    if kind not in KINDS or (kind == "filled" and not here.versions):
        raise Http404
    filled = _filled(page, here) if kind == "filled" else None
    drawn = form_page(
        page.study, here.form, page.language, annotated=kind == "annotated", filled=filled
    )
    answer = HttpResponse(pdf(drawn), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{form}-{kind}.pdf"'
    return answer


def _filled(page: Page, here: Spot) -> Filled:
    newest = here.versions[0]
    return Filled(
        participant=here.state.code,
        visit=str(visit_title(page.study, here.visit, page.language)),
        number=here.number,
        on=newest.on,
        version=newest.version,
        by=trial.names().get(newest.by, newest.by),
        zone=here.zone,
        values=here.saved(),
    )
