"""The life of a kit and its numbered units: commands are decided into events.

The state knows codes, places and what became of each unit. What is in a kit is not here:
the product map is kept on the unblinded side only.
"""

from equipoise.supply.account import (
    Account,
    OpenUnit,
    accountability,
    by_lot,
    by_participant,
    by_site,
    discrepancies,
    open_units,
)
from equipoise.supply.commands import (
    Administer,
    CheckIn,
    Command,
    Destroy,
    Dispense,
    Expire,
    Lose,
    NotGiven,
    Prepare,
    Quarantine,
    Receive,
    Release,
    Reserve,
    Return,
    Thaw,
    Transfer,
)
from equipoise.supply.decide import decide
from equipoise.supply.events import Event, from_payload, to_payload
from equipoise.supply.evolve import evolve, replay
from equipoise.supply.state import NO_KIT, KitState, Unit, split_unit, unit_code

__all__ = [
    "NO_KIT",
    "Account",
    "Administer",
    "CheckIn",
    "Command",
    "Destroy",
    "Dispense",
    "Event",
    "Expire",
    "KitState",
    "Lose",
    "NotGiven",
    "OpenUnit",
    "Prepare",
    "Quarantine",
    "Receive",
    "Release",
    "Reserve",
    "Return",
    "Thaw",
    "Transfer",
    "Unit",
    "accountability",
    "by_lot",
    "by_participant",
    "by_site",
    "decide",
    "discrepancies",
    "evolve",
    "from_payload",
    "open_units",
    "replay",
    "split_unit",
    "to_payload",
    "unit_code",
]
