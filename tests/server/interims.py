"""A trial of the three-arm study in which the interim analysis is due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from equipoise_server.allocator import client
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.trial.freeze_interim import freeze_interim
from equipoise_server.store.models import InterimCut
from server.cast import INFECTED, NOW, TODAY, Cast, key, open_the_trial
from server.conftest import Source, prepared

PLANNED, ENOUGH = 16, 8
LATER = NOW + timedelta(days=57)
BOARD = {
    "li": "safety-board statistician",
    "wu": "safety-board member",
    "zu": "safety-board member",
}


def due(template: Source, under: Path) -> tuple[Source, Cast]:
    """Half of those planned are past day 56, with a result each; nothing is frozen."""
    with prepared(template, under, "interim") as made:
        plan_for(made.folder / "study", PLANNED)
        trial = open_the_trial(SimpleNamespace(folder=made.folder))
        for name, role in BOARD.items():
            client.register_unblinded(username=name, role=role, by="keeper", at=NOW)
        for number in range(ENOUGH):
            seen_at_week_8(trial, number)
        return made, trial


def plan_for(study: Path, participants: int, *, first: float = 0.5) -> None:
    """Change the planned number of a study folder, and when its interim analysis is due."""
    path = study / "protocol.yaml"
    text = path.read_text("utf-8")
    assert "information: [0.5, 1]" in text
    text = text.replace("information: [0.5, 1]", f"information: [{first}, 1]")
    assert "planned: {value: 320," in text
    path.write_text(
        text.replace("planned: {value: 320,", f"planned: {{value: {participants},"), "utf-8"
    )


def seen_at_week_8(trial: Cast, number: int) -> str:
    code = f"S01-{'ABCDEFGH'[number] * 5}-AAAAA"
    trial.make_eligible(trial.enrol(code))
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    day = TODAY + timedelta(days=56)
    result = {"taken_on": day, "result": "negative" if number % 3 else "positive", "excess": 1.0}
    if result["result"] == "positive":
        result["excess"] = INFECTED["excess"]
    at = NOW + timedelta(days=56)
    trial.fill_in(code, "breath", result, visit="week8", on=day, by=trial.assessor, at=at)
    return code


def freeze(trial: Cast) -> InterimCut:
    """The data of the look that is due, frozen."""
    look = freeze_interim(by=trial.data_manager, at=LATER, key=key())
    return InterimCut.objects.get(pk=look)


def conduct(row: InterimCut, *, by: str = "li") -> int:
    """The analysis of frozen data."""
    given = {"cut": row.document, "head": row.head, "frozen_at": row.at.isoformat()}
    return int(client.ask("conduct_interim", **given, by=by, at=LATER + timedelta(hours=1)))


def decide(decision: str, *, by: str = "wu", look: int = 1) -> None:
    """What the board decides."""
    at = LATER + timedelta(hours=2)
    client.ask("decide_interim", look=look, decision=decision, by=by, at=at)
