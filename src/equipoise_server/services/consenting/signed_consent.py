"""What the form of consent asks and the signed conversation already says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from equipoise.forms.record import Value
from equipoise.participant import ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.store.models import ConsentGiven


def told_by_consent(
    study: Study, state: ParticipantState, form: str, *, zone: str
) -> dict[str, Value]:
    """Answers of the form of consent, by item, from the first consent; {} for any other form.

    `zone`: the site's; the day of the signature is its calendar date there. What the form asks
    and no signature says is left to whoever fills it in.
    """
    items = study.participants.consent
    if items is None or items.form != form or not state.consents:
        return {}
    first = state.consents[0]
    said = _content(state.code, first.version)
    found: dict[str, Value | None] = {
        items.signed: True,
        items.version: first.version,
        items.at: first.at,
        items.on: first.at.astimezone(ZoneInfo(zone)).date(),
        items.signatory: items.codes.get(first.signatory, first.signatory),
        items.language: said.get("language"),
        items.understood: _understood(said) if said else None,
        **{item: wish in said["wishes"] if said else None for wish, item in items.wishes.items()},
    }
    return {name: value for name, value in found.items() if name and value is not None}


def _content(code: str, version: str) -> Mapping[str, Any]:
    """The act as it stands beside the ledger; {} where it was signed on paper."""
    for content in ConsentGiven.objects.filter(participant=code).values_list("content", flat=True):
        said: dict[str, Any] = json.loads(content)
        if said["version"] == version:
            return said
    return {}


def _understood(said: Mapping[str, Any]) -> int:
    """How many questions were answered rightly the first time."""
    first: dict[int, bool] = {}
    for question, _option, right in said["answers"]:
        first.setdefault(question, right)
    return sum(first.values())
