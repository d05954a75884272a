"""Pages of the stock."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import Conflict, EquipoiseError, ExternalError, NotPermitted, Refused, said_of
from equipoise_server.services.access import permissions
from equipoise_server.services.supply.label import labels as labels_of
from equipoise_server.store.models import User
from equipoise_server.store.queries.accounts import reconciliation
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.supply.acting import ACTS, BY_NAME, Act, Asked
from equipoise_server.web.supply.stocked import Stocked, names, site_codes, stocked
from equipoise_server.web.supply.words import meaning

KIND = "stock"
LONGEST = 500


@page_for(KIND)
def sites(page: Page) -> HttpResponse:
    """The stock of every site that the viewer works with."""
    codes = site_codes(page.viewer.sites(KIND))
    return render(page, "supply/sites.html", {"sites": [_named(page, code) for code in codes]})


def _named(page: Page, site: str) -> tuple[Stocked, str]:
    return stocked(site, page.study.protocol.supply), said(names()[site], page.language)


def _require(page: Page, site: str) -> None:
    """Refuse a site that is none, or not the viewer's.

    Raises:
        Http404, NotPermitted.

    """
    if site not in names():
        raise Http404
    page.require_site(KIND, site)


def _me(page: Page) -> User:
    if page.viewer.user is None:
        raise Http404
    return page.viewer.user


@page_for(KIND)
def stock(page: Page, site: str) -> HttpResponse:
    """The kits of one site."""
    _require(page, site)
    context = {
        "stock": stocked(site, page.study.protocol.supply, rows=True),
        "name": said(names()[site], page.language),
        "acts": _offers(page, site),
        "done": BY_NAME.get(page.request.GET.get("done", "")),
        "crumbs": ((_("Stock"), reverse("supply:sites")),),
    }
    return render(page, "supply/stock.html", context)


def _offers(page: Page, site: str) -> list[Act]:
    if page.trial is None or page.trial.locked_at is not None:
        return []
    at, by = timezone.now(), _me(page)
    return [one for one in ACTS if permissions.may(one.step, by=by, at=at, site=site)]


@page_for(KIND)
def account(page: Page, site: str) -> HttpResponse:
    """Accountability of one site: in all, by participant, and what is open."""
    _require(page, site)
    found = reconciliation([site])
    why = {
        "with-participant": _("with the participant"),
        "in-transit": _("on its way"),
        "differs": _("bedside and stock differ"),
    }
    context = {
        "site": site,
        "found": found,
        "open": [(one, why[one.why]) for one in found.open],
        "crumbs": _crumbs(site),
    }
    return render(page, "supply/account.html", context)


def _crumbs(site: str) -> tuple[tuple[object, str], ...]:
    here = reverse("supply:stock", args=[site])
    return ((_("Stock"), reverse("supply:sites")), (site, here))


@page_for(KIND)
def labels(page: Page, site: str, kit: str) -> HttpResponse:
    """Labels of one kit and its units, to print."""
    _require(page, site)
    made = labels_of(site=site, kit=kit, language=page.language, by=_me(page), at=timezone.now())
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{kit}.pdf"'
    return answer


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def act(page: Page, site: str, act: str) -> HttpResponse:
    """One thing to do with the stock: first the question, then the deed."""
    _require(page, site)
    wanted = BY_NAME.get(act)
    if wanted is None:
        raise Http404
    if not permissions.may(wanted.step, by=_me(page), at=timezone.now(), site=site):
        needs = permissions.role_needed(permissions.ALLOWED[wanted.step], site)
        raise NotPermitted(wanted.step, needs)
    return _do(page, wanted, site) if page.request.method == "POST" else _ask(page, wanted, site)


def _do(page: Page, wanted: Act, site: str) -> HttpResponse:
    form, at = page.request.POST, timezone.now()
    typed = {name: form.get(name, "")[:LONGEST] for name in form}
    key = form.get("key", "")[:150] or token_urlsafe(18)
    asked = Asked(site=site, by=_me(page), at=at, key=key, typed=typed)
    wrong = wanted.wrong(asked)
    if wrong:
        return _ask(page, wanted, site, typed, wrong=wrong)
    try:
        wanted.run(asked)
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        return _ask(page, wanted, site, typed, error=error)
    here = reverse("supply:stock", args=[site])
    return HttpResponseRedirect(f"{here}?done={wanted.name}")


def _ask(
    page: Page,
    wanted: Act,
    site: str,
    typed: Mapping[str, str] | None = None,
    *,
    wrong: Mapping[str, object] | None = None,
    error: EquipoiseError | None = None,
) -> HttpResponse:
    given = typed or {}
    fields = wanted.fields(site, timezone.now())
    context = {
        "act": wanted,
        "site": site,
        "rows": [(one, given.get(one.name, ""), (wrong or {}).get(one.name, "")) for one in fields],
        "nothing": wanted.empty if not fields else "",
        "whole": (wrong or {}).get("", ""),
        "meaning": meaning(error) if error else "",
        "sentence": said_of(error) if error else "",
        "code_of": error.code if error else "",
        "key": given.get("key") or token_urlsafe(18),
        "crumbs": _crumbs(site),
    }
    status = status_of(error) if error else 409 if wrong else 200
    return render(page, "supply/act.html", context, status=status)
