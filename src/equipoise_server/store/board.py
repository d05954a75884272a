"""What the safety board has decided, about the start of the trial and after interim looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise_server.store.models import BoardDecision, Participant

SENTINEL = "sentinel"
CONTINUE = "continue"
DECIDED = "board-decided"

_NEWEST = (
    "SELECT d.about, d.opens FROM store_boarddecision d JOIN (SELECT about, MAX(id) AS last "
    "FROM store_boarddecision GROUP BY about) n ON n.last = d.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """One participant of those who started first: site, levels of the stratum, when."""

    site: str
    levels: frozenset[str]
    at: datetime


def opened(cursor: Any) -> frozenset[str]:
    """What the newest decision opens: `sentinel`, and levels of strata."""
    cursor.execute(_NEWEST)
    return frozenset(about for about, opens in cursor.fetchall() if opens)


def first() -> tuple[First, ...]:
    """Everybody who was randomised, in order. `at` is the first dose, or else randomisation."""
    rows = Participant.objects.filter(randomised_at__isnull=False).order_by("randomised_at", "pk")
    columns = rows.values_list("site_id", "stratum", "first_dose_at", "randomised_at")
    return tuple(
        First(site=site, levels=frozenset(stratum.values()), at=dosed or started)
        for site, stratum, dosed, started in columns
        if started is not None
    )


def treated() -> int:
    """How many participants have had a dose."""
    return Participant.objects.filter(doses__gt=0).count()


def after_look(look: int) -> str:
    """What a decision after an interim look is about."""
    return f"interim-{look}"


def decided(row: BoardDecision) -> dict[str, object]:
    """What the ledger says of a decision."""
    said: dict[str, object] = {
        "about": row.about,
        "opens": row.opens,
        "reviewed": row.reviewed,
        "words": row.words,
    }
    return {**said, "decision": row.decision} if row.decision else said


def stopped() -> bool:
    """Whether the newest decision after an interim look has stopped the trial."""
    newest = BoardDecision.objects.exclude(decision="").order_by("-pk").first()
    return newest is not None and not newest.opens


def decisions() -> tuple[BoardDecision, ...]:
    """Every decision, newest first."""
    return tuple(BoardDecision.objects.order_by("-pk"))
