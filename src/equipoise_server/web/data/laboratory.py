"""Laboratory files: send one, look at what it would do, accept it whole."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from equipoise.errors import EquipoiseError, FileRefused
from equipoise.exchange.laboratory import LARGEST
from equipoise_server.services.records.import_results import import_results, preview, upload
from equipoise_server.store.queries.imported import imported
from equipoise_server.web.data import frame
from equipoise_server.web.shared import part
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import plain_text, said, unit_text, visit_title

KIND = "transfers"
SHOWN = 200


@page_for(KIND)
def transfers(page: Page) -> HttpResponse:
    """The transfers of the plan, a place to send a file, and what was taken before."""
    outcome = frame.Outcome()
    if page.request.method == "POST":
        outcome = _upload(page)
        if outcome.done:
            return HttpResponseRedirect(reverse("data:preview", args=[outcome.answer]))
    plan = page.study.cleaning.transfers
    titles = {one.id: one.title.say(page.language) for one in plan}
    context = {
        "tabs": frame.tabs(page, "data:transfers"),
        "transfers": [
            (one, titles[one.id], page.study.forms[one.form].title.say(page.language))
            for one in plan
        ],
        "chosen": page.request.POST.get("transfer", ""),
        "past": [
            (one, titles.get(one.transfer, one.transfer), page.moment.local(one.at))
            for one in imported(cut=page.moment.cut)
        ],
        "working": part.may(page, "import results"),
        "outcome": outcome,
        "taken": page.request.GET.get("taken", ""),
        "versions": frame.number_in(page, "versions"),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "data/transfers.html", context, status=status)


def _upload(page: Page) -> frame.Outcome:
    sent = page.request.FILES.get("file")
    if sent is None:
        return frame.Outcome(error=FileRefused("no file was chosen"))
    if sent.size is None or sent.size > LARGEST:
        words = f"it is larger than {LARGEST // 1024 // 1024} MiB. Split it"
        return frame.Outcome(error=FileRefused(words))
    return frame.attempt(
        page,
        lambda by, at, _key: upload(
            transfer=page.request.POST.get("transfer", ""),
            name=sent.name or "",
            data=sent.read(),
            by=by,
            at=at,
        ),
    )


@page_for(KIND)
def look(page: Page, number: int) -> HttpResponse:
    """What an uploaded file would do; accept it where no line stands against it."""
    outcome = frame.Outcome()
    if page.request.method == "POST":
        outcome = frame.attempt(
            page, lambda by, at, key: import_results(upload=number, by=by, at=at, key=key)
        )
        if outcome.done:
            done = outcome.answer
            where = reverse("data:transfers")
            return HttpResponseRedirect(f"{where}?taken={done.lines}&versions={done.versions}")
    found = preview(upload=number, by=part.me(page), at=timezone.now())
    transfer = next(one for one in page.study.cleaning.transfers if one.id == found.transfer)
    form = page.study.forms[transfer.form]
    rows = [
        (
            one.line,
            one.sample[0],
            visit_title(page.study, one.sample[1], page.language),
            one.sample[2],
            frame.label_of(page, form, one.item),
            one.given,
            _shown(one.value, form.item(one.item)),
        )
        for one in found.results[:SHOWN]
    ]
    context = {
        "tabs": frame.tabs(page, "data:transfers"),
        "title": transfer.title.say(page.language),
        "rows": rows,
        "lines": len(found.results),
        "hidden": max(len(found.results) - SHOWN, 0),
        "rejects": [(one.line, said(one.why, page.language)) for one in found.rejects[:SHOWN]],
        "rejected": len(found.rejects),
        "already": found.already,
        "accepting": not found.rejects and part.may(page, "import results"),
        "outcome": outcome,
        "key": part.new_key(),
        "crumbs": ((_("Laboratory files"), reverse("data:transfers")),),
    }
    status = status_of(outcome.error) if isinstance(outcome.error, EquipoiseError) else 200
    return render(page, "data/preview.html", context, status=status)


def _shown(value: float, item: object) -> str:
    unit = unit_text(getattr(item, "unit", None))
    return f"{plain_text(value)} {unit}".strip()
