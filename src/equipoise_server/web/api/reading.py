"""Reading: the study, its forms, participants, records, and what has changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path
from pydantic import AwareDatetime, Field

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Study
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records, trial
from equipoise_server.store.queries.finalising import having, study_versions
from equipoise_server.store.queries.participants import Filter
from equipoise_server.store.queries.saved import saved_since, settled
from equipoise_server.store.save import visits_of
from equipoise_server.web.api import shapes
from equipoise_server.web.api.routes import looking, router
from equipoise_server.web.api.token import Caller

MOST = 500
Moment = Annotated[AwareDatetime | None, shapes.Said("An instant with its offset from UTC")]
Limit = Annotated[int, Field(ge=1, le=MOST), shapes.Said("How many at most")]
SiteWord = Annotated[shapes.Code, shapes.Said("Only this site; empty: every one")]
StatusWord = Annotated[shapes.Code, shapes.Said("Only this status; empty: every one")]
AfterCode = Annotated[shapes.Code, shapes.Said("Only codes that come after this one")]
AfterDigest = Annotated[shapes.Code, shapes.Said("`last` of the answer before")]
UnderWord = Annotated[
    shapes.Code, shapes.Said("Digest of a protocol version; empty: the one in force")
]
InCode = Annotated[shapes.ParticipantCode, shapes.Said("Code of a participant"), Path()]
InForm = Annotated[shapes.Form, shapes.Said("Id of a form"), Path()]
InVisit = Annotated[
    shapes.Visit, shapes.Said("Id of a visit, or `daily`, `dosing` or `log`"), Path()
]
Number = Annotated[
    shapes.Number, shapes.Said("Dose, day or event; 0 where the form does not repeat"), Path()
]


def caller(request: HttpRequest) -> Caller:
    """Whom the token stands for."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


@router.get("/token", response=looking(shapes.TokenAnswer), summary="What the token stands for")
def token(request: HttpRequest) -> dict[str, Any]:
    """Whose it is, what it may do and until when."""
    held = caller(request).holder
    return {
        "label": held.label,
        "user": held.user.username,
        "role": held.role,
        "site": held.site,
        "writes": held.writes,
        "until": held.until,
    }


@router.get(
    "/study", response=looking(shapes.StudyAnswer), summary="The protocol version that runs here"
)
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


@router.get("/forms/{form}", response=looking(shapes.FormAnswer), summary="A form and its items")
def form(request: HttpRequest, form: InForm, study: UnderWord = "") -> dict[str, Any]:
    """Items in the order of the form, as the version in force has it, or the one that is named."""
    who = caller(request)
    who.require("read records")
    who.require_form(form)
    under = _under(study, form) if study else having(who.study, form)
    found = under.forms[form]
    return {
        "id": found.id,
        "title": dict(found.title),
        "repeats": found.repeats,
        "digest": under.form_digests[found.id],
        "study": under.digest,
        "items": [_item(under, one) for one in found.items()],
    }


def _under(digest: str, form: str) -> Study:
    """The version of a digest, where it has the form.

    Raises:
        UnknownRecord: there is none.

    """
    for one in study_versions():
        if one.digest == digest and form in one.forms:
            return one
    raise UnknownRecord(say("form {form}", form=form))


def _item(under: Study, item: Item) -> dict[str, Any]:
    codes = next((one.codes for one in under.protocol.code_lists if one.id == item.codes), None)
    return {
        "id": item.id,
        "text": dict(item.text),
        "type": item.type,
        "unit": item.unit,
        "required": bool(item.required),
        "codes": None if codes is None else [one.code for one in codes],
        "choices": None
        if codes is None
        else [{"code": one.code, "text": dict(one.text)} for one in codes],
        "low": item.low,
        "high": item.high,
        "derived": item.derive is not None,
    }


@router.get("/participants", response=looking(shapes.Participants), summary="Participants by code")
def participants(
    request: HttpRequest,
    site: SiteWord = "",
    status: StatusWord = "",
    after: AfterCode = "",
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


@router.get("/participants/{code}", response=looking(shapes.Participant), summary="One participant")
def participant(request: HttpRequest, code: InCode) -> dict[str, Any]:
    """One participant by code."""
    who = caller(request)
    who.require("read participants")
    who.require_participant(code)
    return _participant(who, people.state(code))


@router.get(
    "/participants/{code}/records",
    response=looking(list[shapes.RecordHead]),
    summary="Where a participant's records stand",
)
def heads(request: HttpRequest, code: InCode) -> list[dict[str, Any]]:
    """Records of forms that the token may read."""
    who = caller(request)
    who.require("read records")
    who.require_participant(code)
    seen = who.ever()
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
    response=looking(shapes.RecordAnswer),
    summary="A record with its answers",
)
def record(
    request: HttpRequest, code: InCode, form: InForm, visit: InVisit, number: Number
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
        "study": newest.study,
    }


@router.get(
    "/changes", response=looking(shapes.Changes), summary="Versions of records since a moment"
)
def changes(
    request: HttpRequest, since: Moment = None, after: AfterDigest = "", limit: Limit = MOST
) -> dict[str, Any]:
    """Every version saved since `since`, oldest first, for programs that keep a copy.

    With answers, author and reason: the audit of what the token may read. `following` and `last`
    of one answer go into `since` and `after` of the next. What was saved in the last half minute
    waits for the next call, so that no save still under way is missed. Answers stand under the
    names of the protocol version that `study` names.
    """
    who = caller(request)
    who.require("read records")
    found, more = saved_since(
        since,
        after=after,
        until=settled(timezone.now()),
        sites=who.sites,
        forms=who.ever(),
        limit=limit,
    )
    end = found[-1] if found else None
    return {
        "changes": [asdict(one) for one in found],
        "following": end.saved_at if end else since,
        "last": end.digest if end else after,
        "more": more,
    }
