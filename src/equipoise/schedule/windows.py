"""Visit windows, in whole calendar days at the site, counted from randomisation (day 0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.model import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When one visit may take place: `first` to `last`, both included; `target` is the day."""

    visit: str
    first: date
    target: date
    last: date

    def __contains__(self, on: date) -> bool:
        return self.first <= on <= self.last


def windows(protocol: Protocol, randomised_on: date) -> tuple[Window, ...]:
    """The window of every visit, in protocol order.

    `randomised_on` is the site date of randomisation. Someone never dosed has the same
    windows as everybody else.
    """
    found = []
    for visit in protocol.visits:
        first, last = visit.window(randomised_on)
        target = randomised_on + timedelta(days=visit.day)
        found.append(Window(visit=visit.id, first=first, target=target, last=last))
    return tuple(found)


def window(protocol: Protocol, visit: str, randomised_on: date) -> Window:
    """The window of one visit.

    Raises:
        UnknownRecord: the protocol has no such visit.

    """
    for found in windows(protocol, randomised_on):
        if found.visit == visit:
            return found
    raise UnknownRecord(say("visit {visit} in the protocol", visit=repr(visit)))
