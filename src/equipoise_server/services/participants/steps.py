"""What every step in a participant's life-cycle has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from equipoise.participant import Command, ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life


def step(request: Request, *, code: str, command: Command) -> None:
    """Carry out one life-cycle command for a participant, if `request.by` may at the site."""
    perform(request, lambda: _step(request, code, lambda _study, _state: command))


def step_with(
    request: Request,
    *,
    code: str,
    command: Callable[[Study, ParticipantState], Command],
    also: Callable[[Any, ParticipantState], Answer] | None = None,
) -> Answer:
    """The same where the command depends on the state, with more work in the same transaction."""
    return perform(request, lambda: _step(request, code, command, also))


def _step(
    request: Request,
    code: str,
    command: Callable[[Study, ParticipantState], Command],
    also: Callable[[Any, ParticipantState], Answer] | None = None,
) -> Answer:
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, request.verb, code)
        state = life.state_of(code)
        permissions.require(cursor, request.verb, by=request.by, at=request.at, site=state.site)
        state = life.advance(
            cursor,
            command(study, state),
            code=code,
            by=request.by.username,
            at=request.at,
        )
        return also(cursor, state) if also else {}
