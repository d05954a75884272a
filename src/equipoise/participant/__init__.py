"""One participant's way through the trial: commands are decided into events, events change state.

`decide` refuses or gives events; `evolve` applies one. A ledger that holds the events can
rebuild every state: `replay`. No event names an arm, a place in a sequence or a product.
"""

from equipoise.participant.commands import (
    Command,
    Complete,
    CorrectDose,
    DeferConsent,
    Die,
    Discharge,
    FailScreening,
    GiveDose,
    Randomise,
    Readmit,
    ReplaceKit,
    ReportEvent,
    Screen,
    SignConsent,
    StopDosing,
    Withdraw,
)
from equipoise.participant.decide import check_randomisable, decide
from equipoise.participant.events import Event, from_payload, to_payload
from equipoise.participant.evolve import evolve, replay
from equipoise.participant.state import NOBODY, Dose, Level, ParticipantState
from equipoise.participant.timeline import given, timeline

__all__ = [
    "NOBODY",
    "Command",
    "Complete",
    "CorrectDose",
    "DeferConsent",
    "Die",
    "Discharge",
    "Dose",
    "Event",
    "FailScreening",
    "GiveDose",
    "Level",
    "ParticipantState",
    "Randomise",
    "Readmit",
    "ReplaceKit",
    "ReportEvent",
    "Screen",
    "SignConsent",
    "StopDosing",
    "Withdraw",
    "check_randomisable",
    "decide",
    "evolve",
    "from_payload",
    "given",
    "replay",
    "timeline",
    "to_payload",
]
