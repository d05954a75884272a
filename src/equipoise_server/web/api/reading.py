"""Reading: the study, its forms, participants, records, and what has changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path
from pydantic import AwareDatetime, Field

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.forms import Item
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.participants import Filter
from equipoise_server.store.queries.saved import saved_since
from equipoise_server.store.save import visits_of
from equipoise_server.web.api import shapes
from equipoise_server.web.api.routes import router
from equipoise_server.web.api.token import Caller

MOST = 500
SETTLED = timedelta(seconds=30)
Moment = AwareDatetime
Limit = Annotated[int, Field(ge=1, le=MOST)]
Word = shapes.Code
InPath = Annotated[shapes.Code, Path()]
Number = Annotated[int, Path(ge=0, le=2_000_000_000), Field()]


def caller(request: HttpRequest) -> Caller:
    """Whom the token stands for."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


@router.get("/study", response=shapes.StudyAnswer, summary="The protocol version that runs here")
def study(request: HttpRequest) -> dict[str, Any]:
    """Forms are those that the token may read."""
    who = caller(request)
    who.require("read participants")
    running, facts = who.study, trial.trial()
    seen = who.forms()
    return {
        "study": running.protocol.id,
        "version": running.protocol.version,
        "digest": running.digest,
        "locked": bool(facts and facts.locked_at),
        "forms": [
            {
                "id": form.id,
                "title": dict(form.title),
                "repeats": form.repeats,
                "visits": sorted(visits_of(running, form.id)),
            }
            for form in running.forms.values()
            if form.id in seen
        ],
        "visits": [{"id": one.id, "title": dict(one.title)} for one in running.protocol.visits],
    }


@router.get("/forms/{form}", response=shapes.FormAnswer, summary="A form and its items")
def form(request: HttpRequest, form: InPath) -> dict[str, Any]:
    """Items in the order of the form."""
    who = caller(request)
    who.require("read records")
    who.require_form(form)
    found = who.study.forms[form]
    return {
        "id": found.id,
        "title": dict(found.title),
        "repeats": found.repeats,
        "digest": who.study.form_digests[found.id],
        "items": [_item(who, one) for one in found.items()],
    }


def _item(who: Caller, item: Item) -> dict[str, Any]:
    lists = {one.id: list(one.values()) for one in who.study.protocol.code_lists}
    return {
        "id": item.id,
        "text": dict(item.text),
        "type": item.type,
        "unit": item.unit,
        "required": bool(item.required),
        "codes": lists.get(item.codes) if item.codes else None,
        "low": item.low,
        "high": item.high,
    }


@router.get("/participants", response=shapes.Participants, summary="Participants by code")
def participants(
    request: HttpRequest,
    site: Word = "",
    status: Word = "",
    after: Word = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Those after the code `after`, `limit` at most."""
    who = caller(request)
    who.require("read participants")
    wanted = Filter(site=site, status=status)
    page = people.listed(who.sites, wanted, after=after, limit=limit)
    return {
        "participants": [_participant(who, one) for one in page.states],
        "total": page.total,
        "following": page.following,
    }


def _participant(who: Caller, state: Any) -> dict[str, Any]:
    return {
        "code": state.code,
        "site": state.site,
        "status": state.status,
        "screened_on": state.screened_on,
        "randomised_on": state.randomised_on,
        "doses": len(state.doses) if who.sees_doses else None,
    }


@router.get("/participants/{code}", response=shapes.Participant, summary="One participant")
def participant(request: HttpRequest, code: InPath) -> dict[str, Any]:
    """One participant by code."""
    who = caller(request)
    who.require("read participants")
    who.require_participant(code)
    return _participant(who, people.state(code))


@router.get(
    "/participants/{code}/records",
    response=list[shapes.RecordHead],
    summary="Where a participant's records stand",
)
def heads(request: HttpRequest, code: InPath) -> list[dict[str, Any]]:
    """Records of forms that the token may read."""
    who = caller(request)
    who.require("read records")
    who.require_participant(code)
    seen = who.forms()
    return [
        {
            "participant": code,
            "form": one.form,
            "visit": one.visit,
            "number": one.number,
            "version": one.version,
            "on": one.on,
            "status": one.status,
            "open_queries": one.findings,
        }
        for one in records.heads([code]).get(code, [])
        if one.form in seen
    ]


@router.get(
    "/participants/{code}/records/{form}/{visit}/{number}",
    response=shapes.RecordAnswer,
    summary="A record with its answers",
)
def record(
    request: HttpRequest, code: InPath, form: InPath, visit: InPath, number: Number
) -> dict[str, Any]:
    """The newest version."""
    who = caller(request)
    who.require("read records")
    who.require_participant(code)
    who.require_form(form)
    head = next(
        (one for one in records.heads([code]).get(code, []) if one.key == (form, visit, number)),
        None,
    )
    if head is None:
        raise UnknownRecord(
            say(
                "record {form} {number} of {code} at {visit}",
                form=form,
                number=number,
                code=code,
                visit=visit,
            )
        )
    newest = records.versions(code, form, visit, number)[0]
    return {
        "participant": code,
        "form": form,
        "visit": visit,
        "number": number,
        "version": head.version,
        "on": newest.on,
        "status": head.status,
        "open_queries": head.findings,
        "answers": newest.answers,
        "saved_by": newest.by,
        "saved_at": newest.at,
        "reason": newest.reason,
        "digest": newest.digest,
    }


@router.get("/changes", response=shapes.Changes, summary="Versions of records since a moment")
def changes(
    request: HttpRequest, since: Moment | None = None, after: Word = "", limit: Limit = MOST
) -> dict[str, Any]:
    """Every version saved since `since`, oldest first, for programs that keep a copy.

    `following` and `last` of one answer go into `since` and `after` of the next. What was saved
    in the last half minute waits for the next call, so that no save still under way is missed.
    """
    who = caller(request)
    who.require("read records")
    found, more = saved_since(
        since,
        after=after,
        until=timezone.now() - SETTLED,
        sites=who.sites,
        forms=who.forms(),
        limit=limit,
    )
    end = found[-1] if found else None
    return {
        "changes": [asdict(one) for one in found],
        "following": end.saved_at if end else since,
        "last": end.digest if end else after,
        "more": more,
    }
