"""The safety board's closed view: groups by letter, and never which treatment a letter is."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.http import HttpResponse

from equipoise.participant import ParticipantState, given
from equipoise_server.store.queries import participants
from equipoise_server.unblinded.frame import Desk, page_for, render

SMALLEST = 5  # people in a group of a site, below which its counts are not shown


@page_for("board")
def board(here: Desk) -> HttpResponse:
    """Participants, doses, events, deaths and withdrawals per masked group."""
    masks = here.me.ask("masks", {})
    states = {one.code: one for one in participants.states(None)}
    letters = sorted(set(masks.values()))
    groups: dict[str, list[ParticipantState]] = defaultdict(list)
    for code, letter in masks.items():
        if code in states:
            groups[letter].append(states[code])
    context = {
        "rows": [{"letter": letter, **_counts(groups[letter])} for letter in letters],
        "letters": letters,
        "sites": _by_site(groups, letters),
        "people": [
            {"letter": masks[code], **_one(states[code])}
            for code in sorted(masks)
            if code in states
        ],
        "smallest": SMALLEST,
    }
    return render(here, "unblinded/board.html", context)


def _one(state: ParticipantState) -> dict[str, Any]:
    return {
        "code": state.code,
        "site": state.site,
        "status": state.status,
        "doses": len(given(state)),
        "events": len(state.reported),
    }


def _counts(states: list[ParticipantState]) -> dict[str, int]:
    status = Counter(one.status for one in states)
    return {
        "randomised": len(states),
        "doses": sum(len(given(one)) for one in states),
        "events": sum(len(one.reported) for one in states),
        "died": status["died"],
        "withdrawn": status["withdrawn"],
        "completed": status["completed"],
    }


def _by_site(groups: dict[str, list[ParticipantState]], letters: list[str]) -> list[dict[str, Any]]:
    """People per site and group; small numbers are left out, since they point at persons."""
    counts = {letter: Counter(one.site for one in groups[letter]) for letter in letters}
    sites = sorted({site for found in counts.values() for site in found})
    return [
        {
            "site": site,
            "counts": [
                counts[letter][site] if counts[letter][site] >= SMALLEST else None
                for letter in letters
            ],
        }
        for site in sites
    ]
