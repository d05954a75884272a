"""Signatures that wait, and the dialogue in which they are given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import FormIncomplete, say
from equipoise.protocol.finalising import SignatureRule
from equipoise.protocol.model import Study
from equipoise_server.services.records.sign import OTHERWISE, Wanted, purpose, rule_of, sign
from equipoise_server.store import study as studies
from equipoise_server.store.models import User
from equipoise_server.store.queries import records
from equipoise_server.store.queries.checklist import open_queries
from equipoise_server.store.queries.finalising import Unsigned, signatures, unsigned
from equipoise_server.web.finalise.frame import Where, attempt, frame, where
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import may, me, who
from equipoise_server.web.shared.proof import prove, prove_fields
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.visibility import visible_forms

SHOWN = 100
FINISHED = ("complete", "queries")
"""Of these records nothing is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Records of one participant that wait for one person's signature."""

    code: str
    meaning: str
    records: tuple[Where, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record in the dialogue. `sent` is what the form sends for it.

    `queries`: how many are open about it. `chosen`: whether it is signed unless one says otherwise.
    """

    place: Where
    version: int
    complete: bool
    queries: int
    sent: str
    chosen: bool


@page_for("signing")
def signatures_waiting(page: Page) -> HttpResponse:
    """Everything that waits for the viewer's signature."""
    every = list(_waiting(page))
    context = {**frame(page, "finalise:signatures"), "waiting": every[:SHOWN], "total": len(every)}
    return render(page, "finalise/signatures.html", context)


def _waiting(page: Page) -> Iterable[Waiting]:
    every = list(unsigned(page.viewer.sites("signing")))
    under = studies.of_participants({one.participant for one in every})
    found = [one for one in every if _mine(page, one, under[one.participant])]
    for (rule, code), some in groupby(found, key=lambda one: (one.rule, one.participant)):
        wanted = rule_of(under[code], rule)
        yield Waiting(
            code=code,
            meaning=_meaning(page, rule, wanted),
            records=tuple(
                where(under[code], page.language, code, (one.form, one.visit, one.number))
                for one in some
            ),
            url=reverse("finalise:sign", args=(code, rule)),
        )


def _mine(page: Page, one: Unsigned, study: Study) -> bool:
    roles = page.viewer.roles_at(one.site)
    return one.role in roles and one.form in visible_forms(study, roles)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@page_for("signing")
def dialogue(page: Page, code: str, rule: str) -> HttpResponse:
    """Sign: what, in which words, by whom; then the fresh factor."""
    state = who(page, "signing", code)
    wanted = rule_of(page.study, rule)
    if wanted is None and rule not in OTHERWISE:
        raise Http404
    forms = visible_forms(page.study, page.viewer.roles_at(state.site))
    outcome = None
    if page.request.method == "POST":
        seen = _sent(page, forms)

        def work(by: User, at: datetime, key: str) -> None:
            if not seen:
                raise FormIncomplete((say("a record to sign"),))
            proof = prove(page, purpose(code, rule, seen), at=at)
            given = {"proof": proof, "by": by, "at": at, "key": key}
            sign(participant=code, rule=rule, records=seen, **given)  # type: ignore[arg-type]

        outcome = attempt(page, work)
        if outcome.error is None:
            return HttpResponseRedirect(reverse("finalise:signatures") + "?done=signed")
    context = {
        **frame(page, "finalise:signatures", outcome),
        "code": code,
        "lines": _lines(page, code, rule, wanted, forms),
        "meaning": _meaning(page, rule, wanted),
        "name": me(page).full_name,
        "now": timezone.now(),
        "prove": prove_fields(page),
        "may": _may(page, wanted, state.site),
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/sign.html", context, status=status)


def _may(page: Page, wanted: SignatureRule | None, site: str) -> bool:
    if wanted is None:
        return may(page, "sign", site)
    now = page.trial is not None and page.trial.locked_at is None and not page.moment.past
    return now and wanted.role in page.viewer.roles_at(site)


def _meaning(page: Page, rule: str, wanted: SignatureRule | None) -> str:
    return (wanted.meaning if wanted else OTHERWISE[rule]).say(page.language)


def _sent(page: Page, forms: Collection[str]) -> tuple[Wanted, ...]:
    """The versions that stood on the page when it was sent."""
    found = []
    for one in page.request.POST.getlist("record"):
        form, visit, number, digest = (*one.split("|"), "", "", "", "")[:4]
        if form in forms and number.isdecimal():
            found.append(Wanted(form=form, visit=visit, number=int(number), digest=digest))
    return tuple(found)


def _lines(
    page: Page, code: str, rule: str, wanted: SignatureRule | None, forms: Collection[str]
) -> tuple[Line, ...]:
    """The records that the dialogue is about; narrowed by `?form=&visit=&number=`."""
    asked = {name: page.request.GET.get(name, "") for name in ("form", "visit", "number")}
    again = set(page.request.POST.getlist("record"))
    open_now = open_queries(code)
    lines = []
    for head in records.heads([code]).get(code, []):
        named = {"form": head.form, "visit": head.visit, "number": str(head.number)}
        if any(value and named[name] != value for name, value in asked.items()):
            continue
        if head.form not in forms or (wanted and head.form not in wanted.forms):
            continue
        if wanted is None and not asked["form"]:
            continue
        newest = records.versions(code, head.form, head.visit, head.number)[0]
        if newest.answers is None or _signed(code, head.key, newest.version, rule, page):
            continue
        sent = f"{head.form}|{head.visit}|{head.number}|{newest.digest}"
        complete, queries = head.status in FINISHED, open_now[head.key]
        lines.append(
            Line(
                place=where(page.study, page.language, code, head.key),
                version=head.version,
                complete=complete,
                queries=queries,
                sent=sent,
                chosen=sent in again if again else complete and not queries,
            )
        )
    return tuple(lines)


def _signed(code: str, key: tuple[str, str, int], version: int, rule: str, page: Page) -> bool:
    return any(
        one.version == version and one.void_at is None and one.rule == rule
        for one in signatures(code, *key, cut=page.moment.cut)
    )
