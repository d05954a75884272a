"""A form on paper: blank, annotated, or as it is filled in."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from equipoise.exchange.paper import Filled, Signed, form_page, pdf
from equipoise.protocol.frozen import Text
from equipoise_server.store.queries import trial
from equipoise_server.store.queries.finalising import signatures
from equipoise_server.web.entry.spot import KIND, Spot, spot
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.values import visit_title
from equipoise_server.web.shared.words import ROLES

KINDS = ("blank", "annotated", "filled")


@require_safe
@page_for(KIND)
def printed(page: Page, code: str, form: str, visit: str, number: int, kind: str) -> HttpResponse:
    """The form as PDF in the language of the page."""
    here = spot(page, code, form, visit, number)
    if kind not in KINDS or (kind == "filled" and not here.versions):
        raise Http404
    filled = filled_in(page, here) if kind == "filled" else None
    drawn = form_page(
        page.study, here.form, page.language, annotated=kind == "annotated", filled=filled
    )
    answer = HttpResponse(pdf(drawn), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{form}-{kind}.pdf"'
    return answer


def filled_in(page: Page, here: Spot) -> Filled:
    """The newest version, as it is printed."""
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
        signatures=_signatures(page, here),
    )


def _signatures(page: Page, here: Spot) -> tuple[Signed, ...]:
    """Those on the version that is printed."""
    newest = here.versions[0]
    place = (here.state.code, here.form.id, here.visit, here.number)
    return tuple(
        Signed(
            name=one.name,
            role=str(ROLES.get(one.role, one.role)),
            meaning=Text(one.meaning).say(page.language),
            at=one.at,
            version=one.version,
            record=newest.digest,
            act=one.act,
            void_at=one.void_at,
            void_why=one.void_why,
        )
        for one in signatures(*place, cut=page.moment.cut)
        if one.version == newest.version
    )
