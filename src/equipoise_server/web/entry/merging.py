"""Two people changed one record: what each of them has, answer by answer, to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.http import QueryDict

from equipoise.forms.record import Value
from equipoise_server.store.queries import trial
from equipoise_server.web.entry.plan import Field, Plan
from equipoise_server.web.entry.saving import Sent
from equipoise_server.web.entry.spot import Spot
from equipoise_server.web.entry.typed import Typed, same, shown
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import value_text

PICK = "pick."
Side = Literal["mine", "theirs", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One answer on which the two differ. `picked` is set where only one of them changed it."""

    field: Field
    mine: str
    theirs: str
    base: str
    picked: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Everything to choose. `kept` are the other answers, the same on both sides."""

    differences: tuple[Difference, ...]
    by: str
    at: datetime
    version: int


def merge(
    page: Page, here: Spot, plan: Plan, sent: Sent, start: int, picks: QueryDict
) -> Merge | None:
    """What there is to choose, or None where nothing differs.

    `start` is the version from which the person began; `picks` what was chosen so far.
    """
    if not here.versions:
        return None
    newest = here.versions[0]
    theirs, base = here.saved(), here.saved(start)
    found = tuple(
        one
        for field in plan.fields
        if field.kind != "output"
        for one in _compare(page, here, field, sent.typed, (theirs, base), picks)
    )
    if not found:
        return None
    by = trial.names().get(newest.by, newest.by)
    return Merge(differences=found, by=by, at=newest.at, version=newest.version)


def _compare(
    page: Page,
    here: Spot,
    field: Field,
    typed: Mapping[str, Typed],
    saved: tuple[Mapping[str, Value], Mapping[str, Value]],
    picks: QueryDict,
) -> list[Difference]:
    mine, (theirs, base) = typed.get(field.id, ""), saved
    other, before = (shown(one.get(field.id), here.zone) for one in (theirs, base))
    if same(mine, other):
        return []
    picked: Side = "theirs" if same(mine, before) else "mine" if same(other, before) else ""
    one = Difference(
        field=field,
        mine=words(page, field, mine),
        theirs=_text(page, field, theirs.get(field.id), here.zone),
        base=_text(page, field, base.get(field.id), here.zone),
        picked=_side(picks.get(PICK + field.id, "")) or picked,
    )
    return [one]


def _side(text: str) -> Side:
    return "mine" if text == "mine" else "theirs" if text == "theirs" else ""


def _text(page: Page, field: Field, value: Value | None, zone: str) -> str:
    if value is None:
        return ""
    return value_text(page.study, field.item, value, page.language, zone)


def words(page: Page, field: Field, typed: Typed) -> str:
    """What a field holds, in words: the texts of codes instead of the codes."""
    texts = {option.code: option.text for option in field.options}
    chosen = typed if isinstance(typed, tuple) else (typed,)
    return ", ".join(texts.get(one, one) for one in chosen)


def chosen(here: Spot, plan: Plan, sent: Sent, form: QueryDict) -> tuple[Sent, bool]:
    """What is to be saved after the choice, and whether every difference was decided.

    `sent.expected` is the version that the page of the choice showed.
    """
    theirs = here.saved(sent.expected)
    typed: dict[str, Typed] = dict(sent.typed)
    decided = True
    for field in plan.fields:
        if field.kind == "output":
            continue
        other = shown(theirs.get(field.id), here.zone)
        if same(typed.get(field.id, ""), other):
            continue
        pick = form.get(PICK + field.id, "")
        decided = decided and pick in ("mine", "theirs")
        if pick == "theirs":
            typed[field.id] = other
    return replace(sent, typed=typed), decided
