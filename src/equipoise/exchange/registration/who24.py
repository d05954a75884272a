"""The 24 items that a public trial record holds at least (WHO Trial Registration Data Set 1.3.1).

Titles are our own short ones. Source: WHO, International Clinical Trials Registry Platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from equipoise.exchange.registration import words
from equipoise.exchange.registration.gaps import REGISTERED, Statement, statement
from equipoise.protocol.model import Protocol
from equipoise.protocol.origin import Origin

Said = tuple[str, Origin | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """One of the 24 items. `filled` says that there is a value, `registered` that it is public."""

    number: int
    item: str
    value: str
    origin: Origin | None

    @property
    def filled(self) -> bool:
        """Whether the study says anything."""
        return bool(self.value)

    @property
    def registered(self) -> bool:
        """Whether what it says is in the public record."""
        return self.filled and self.origin == REGISTERED


def items_of(protocol: Protocol) -> tuple[Who, ...]:
    """The 24 items of a protocol, in order."""
    made = statement(protocol)
    found = []
    for number, (title, says) in enumerate(_ITEMS, 1):
        value, origin = says(made)
        found.append(Who(number=number, item=title, value=value, origin=origin if value else None))
    return tuple(found)


def completeness(items: Iterable[Who]) -> dict[str, Any]:
    """Whether recruitment may open as far as registration goes: all 24 filled.

    `not_registered` names items that are filled with something that is not in the record.
    """
    listed = tuple(items)
    missing = [one.number for one in listed if not one.filled]
    return {
        "complete": not missing,
        "filled": len(listed) - len(missing),
        "of": len(listed),
        "missing": missing,
        "not_registered": [one.number for one in listed if one.filled and not one.registered],
    }


def _fact(*names: str) -> Callable[[Statement], Said]:
    def says(made: Statement) -> Said:
        found = made.fact(*names)
        if isinstance(found.value, bool):
            return ("yes" if found.value else "no"), found.origin
        value = "" if found.value is None else str(found.value)
        return (f"{value} {found.unit}" if value and found.unit else value), found.origin

    return says


def _joined(parts: Iterable[tuple[str, Origin | None]]) -> Said:
    listed = [one for one in parts if one[0]]
    ours = [origin for _, origin in listed if origin != REGISTERED]
    origin = ours[0] if ours else REGISTERED
    return "; ".join(words_ for words_, _ in listed), origin if listed else None


def _secondary_ids(made: Statement) -> Said:
    stated = [_fact("other_identifier")(made), _fact("secondary_identifiers")(made)]
    said = _joined(stated)
    return said if said[0] else (made.protocol.id, made.protocol.origin)


def _scientific_title(made: Statement) -> Said:
    found = _fact("official_title")(made)
    return found if found[0] else (made.protocol.title.say("en"), made.protocol.origin)


def _public_title(made: Statement) -> Said:
    found = _fact("brief_title")(made)
    return found if found[0] else (made.protocol.short_title.say("en"), made.protocol.origin)


def _interventions(made: Statement) -> Said:
    titles = {one.id: one.title.say("en") for one in made.protocol.products}
    return _joined(
        (f"{arm.title.say('en')}: {titles.get(arm.product, arm.product)}", arm.origin)
        for arm in made.protocol.arms
    )


def _criteria(made: Statement) -> Said:
    return _joined(
        (f"{one.kind}: {' '.join(one.text.say('en').split())}", one.origin)
        for one in made.protocol.eligibility
    )


def _study_type(made: Statement) -> Said:
    names = (
        "study_type",
        "allocation",
        "masking",
        "intervention_model",
        "primary_purpose",
        "phase",
    )
    return _joined(_fact(name)(made) for name in names)


def _sample_size(made: Statement) -> Said:
    planned = made.protocol.planned
    return ("" if planned.value is None else str(planned.value)), planned.origin


def _outcomes(level: str) -> Callable[[Statement], Said]:
    def says(made: Statement) -> Said:
        facts = made.protocol.facts
        names = [f"{level}_outcome_{number}" for number in range(1, len(facts) + 1)]
        stated = [_fact(name)(made) for name in names if name in facts]
        return _joined(stated) if stated else _joined(_endpoints(made, level))

    return says


def _endpoints(made: Statement, level: str) -> list[tuple[str, Origin | None]]:
    levels = ("primary",) if level == "primary" else ("key-secondary", "secondary")
    named = [n for one in made.protocol.objectives if one.level in levels for n in one.endpoints]
    return [
        (f"{one.title.say('en')} ({one.horizon} days)", one.origin)
        for one in made.protocol.endpoints
        if one.id in named
    ]


def _status(made: Statement) -> Said:
    found = made.fact("current_status")
    return (
        words.find(found.value, words.STATUS) or str(found.value)
    ) if found.value else "", found.origin


_ITEMS: tuple[tuple[str, Callable[[Statement], Said]], ...] = (
    ("Registry and registration number", _fact("identifier")),
    ("Date of registration", _fact("registration_date")),
    ("Other identifying numbers", _secondary_ids),
    ("Sources of money or material", _fact("funding")),
    ("Primary sponsor", _fact("lead_sponsor")),
    ("Secondary sponsors", _fact("collaborators")),
    ("Contact for the public", _fact("public_contact", "contacts")),
    ("Contact for scientists", _fact("scientific_contact", "principal_investigator")),
    ("Public title", _public_title),
    ("Scientific title", _scientific_title),
    ("Countries of recruitment", _fact("country")),
    ("Condition studied", _fact("condition")),
    ("Interventions", _interventions),
    ("Key inclusion and exclusion criteria", _criteria),
    ("Study type", _study_type),
    ("Date of first enrolment", _fact("start_date")),
    ("Sample size", _sample_size),
    ("Recruitment status", _status),
    ("Primary outcomes", _outcomes("primary")),
    ("Key secondary outcomes", _outcomes("secondary")),
    ("Ethics review", _fact("ethics_review")),
    ("Completion date", _fact("completion_date")),
    ("Summary results", _fact("results")),
    ("Sharing of individual data", _fact("ipd_sharing")),
)
