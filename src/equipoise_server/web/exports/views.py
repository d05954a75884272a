"""Take the data along: the study's exports, and the copy that a centre keeps of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise_server.services.access import permissions
from equipoise_server.services.trial.export import export
from equipoise_server.services.trial.site_copy import site_copy
from equipoise_server.store.models import Site, User
from equipoise_server.web.exports.zipped import Writer, zipped
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Words

KIND = "exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to take the study along."""

    name: str
    title: Words
    says: Words


KINDS = (
    Kind(
        name="csv",
        title=_("Tables (CSV)"),
        says=_(
            "One table for each form, with codebook, code lists, every change ever made, queries, "
            "signatures and the whole ledger. Opens in any statistics program."
        ),
    ),
    Kind(
        name="odm",
        title=_("CDISC ODM 1.3.2 (XML)"),
        says=_("Forms and data in one file, each change with its audit record."),
    ),
    Kind(
        name="fhir",
        title=_("FHIR R5 (JSON)"),
        says=_("The study and its forms, without data of participants."),
    ),
    Kind(
        name="ctgov",
        title=_("ClinicalTrials.gov (JSON)"),
        says=_("The registration record, with a list of what the protocol does not say."),
    ),
    Kind(
        name="who24",
        title=_("WHO data set (CSV)"),
        says=_("The 24 items of a registration, and which of them are missing."),
    ),
)


@page_for(KIND)
def home(page: Page) -> HttpResponse:
    """What can be taken along, and by whom."""
    sites = _own_sites(page)
    context = {
        "kinds": KINDS if _may(page, "export") else (),
        "sites": sites,
        "released": page.trial is not None and page.trial.unblinded_at is not None,
    }
    return render(page, "exports/home.html", context)


@page_for(KIND)
def study(page: Page) -> HttpResponseBase:
    """The whole study in the format that was chosen."""
    kind = page.request.POST.get("kind", "")
    now = timezone.now()

    def write(folder: Path) -> object:
        return export(kind, out=folder, by=_me(page), at=now)

    return _answer(page, f"{page.study.protocol.id}-{kind[:20]}-{now:%Y%m%d}", write)


@page_for(KIND)
def site(page: Page) -> HttpResponseBase:
    """A centre's own copy."""
    code = page.request.POST.get("site", "")
    now = timezone.now()

    def write(folder: Path) -> object:
        return site_copy(site=code, out=folder, language=page.language, by=_me(page), at=now)

    return _answer(page, f"{page.study.protocol.id}-site-{now:%Y%m%d}", write)


def _answer(page: Page, name: str, write: Writer) -> HttpResponseBase:
    """Reading changes nothing: a copy is asked for with a form, and stands in the ledger."""
    if page.request.method != "POST":
        return HttpResponseRedirect(reverse("exports:home"))
    return zipped(name, write)


def _me(page: Page) -> User:
    if page.viewer.user is None:
        raise Http404
    return page.viewer.user


def _may(page: Page, step: str) -> bool:
    return bool(set(page.viewer.roles) & set(permissions.ALLOWED[step]))


def _own_sites(page: Page) -> Mapping[str, str]:
    """Code and name of each centre whose investigator is looking."""
    role = permissions.ALLOWED["copy a site"]
    found = Site.objects.order_by("code")
    return {
        one.code: said(one.name, page.language)
        for one in found
        if set(page.viewer.roles_at(one.code)) & set(role)
    }
