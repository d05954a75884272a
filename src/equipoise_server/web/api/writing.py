"""Writing: the service that the pages call, under the caller's role and an idempotency key."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header
from pydantic import StringConstraints

from equipoise_server.services.records.record import record as save
from equipoise_server.web.api import shapes
from equipoise_server.web.api.reading import InCode, InForm, InVisit, Number, caller
from equipoise_server.web.api.routes import router, sending

Key = Annotated[
    str,
    StringConstraints(min_length=8, max_length=150, pattern=r"^[\x21-\x7e]+$"),
    Header(
        alias="Idempotency-Key",
        description="Yours, one for each thing that is to happen: sent again, it happens once",
        examples=["2026-03-02/ward-laptop/0001"],
    ),
]


@router.put(
    "/participants/{code}/records/{form}/{visit}/{number}",
    response=sending(shapes.Saved),
    summary="Save a record",
)
def record(
    request: HttpRequest,
    code: InCode,
    form: InForm,
    visit: InVisit,
    number: Number,
    given: shapes.Save,
    key: Key,
) -> dict[str, Any]:
    """The same request under the same key gets the same answer and writes once."""
    who = caller(request)
    who.require_writing("record")
    who.require_participant(code)
    who.require_form(form)
    saved = save(
        participant=code,
        form=form,
        visit=visit,
        number=number,
        values=given.answers,
        on=given.on,
        reason=given.reason,
        expected=given.expected,
        by=who.holder.user,
        at=timezone.now(),
        key=who.key(key),
    )
    return {"version": saved.version, "status": saved.status, "findings": list(saved.findings)}
