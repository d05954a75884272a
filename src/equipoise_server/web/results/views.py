"""Results: nothing before the trial is unblinded, then what the analysis wrote."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from equipoise.errors import NotLocked
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records
from equipoise_server.web.shared import results as written
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render

OWN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""What a report may do in the browser: show itself. No script, no request to anywhere."""


@page_for("statistics")
def day(page: Page) -> HttpResponse:
    """The statistician's first page: counts without arms, then the way to the results."""
    states = people.states(None, cut=page.moment.cut)
    tallies = records.tallies(cut=page.moment.cut).values()
    context = {
        "randomised": sum(1 for one in states if one.randomised),
        "ended": sum(1 for one in states if one.randomised and one.status != "randomised"),
        "records": sum(one.get("records", 0) for one in tallies),
        "findings": sum(one.get("findings", 0) for one in tallies),
        "estimands": [
            (one.id, one.title.say(page.language), one.summary.say(page.language))
            for one in page.study.protocol.estimands
        ],
        "released": written.is_released(page.trial),
    }
    return render(page, "results/day.html", context)


@page_for("results")
def results(page: Page) -> HttpResponse:
    """Every result with its independent computation, the figures, the whole report."""
    names = written.files() if written.is_released(page.trial) else ()
    context = {
        "released": written.is_released(page.trial),
        "rows": written.released(page.trial, page.language),
        "flow": written.flow_by_arm(page.trial, page.language),
        "flow_words": tuple(written.FLOW.values()),
        "report": next((one for one in names if one == "report.html"), ""),
        "figures": [one for one in names if one.endswith(".svg")],
        "files": [one for one in names if not one.endswith(".svg")],
    }
    return render(page, "results/results.html", context)


@page_for("results")
def file(page: Page, name: str) -> HttpResponse:
    """One file that the analysis wrote, under a policy of its own.

    Raises:
        NotLocked: the trial is not unblinded.

    """
    if not written.is_released(page.trial):
        raise NotLocked("Reading results")
    if name not in written.files():
        raise Http404
    path = written.folder() / name
    response = HttpResponse(path.read_bytes(), content_type=written.KINDS[path.suffix])
    response["Content-Security-Policy"] = OWN_POLICY
    if path.suffix in (".pdf", ".csv", ".json"):
        response["Content-Disposition"] = f'attachment; filename="{path.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
