"""Stating what is registered, and naming what is not.

A study that carries a registered `identifier` claims to be that record. Then only what is
registered is stated; a proxy or a proposal is stated only where the record cannot stand
without it, and either way it is listed. A study without one is a draft of a record: its
proposals are stated, and listed too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from equipoise.protocol.model import Protocol
from equipoise.protocol.origin import Fact, Origin

REGISTERED: Origin = "registered"
Kind = Literal["missing", "left-out", "stated", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something a registry would ask about.

    kind
        missing: the study does not say. left-out: it says, but as a proxy or a proposal.
        stated: it is stated although it is not registered. unreadable: what the study says
        is not one of the registry's words.
    """

    path: str
    kind: Kind
    origin: Origin | None = None
    value: Any = None
    note: str = ""


@dataclass(slots=True)
class Statement:
    """A record in the making, and its gaps."""

    protocol: Protocol
    claims: bool
    record: dict[str, Any] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def fact(self, *names: str) -> Fact:
        """The first of these facts that has a value; an empty one where none has."""
        found = (self.protocol.facts.get(name) for name in names)
        return next((one for one in found if one is not None and one.value is not None), Fact())

    def put(self, path: str, value: Any, origin: Origin | None, *, needed: bool = False) -> bool:
        """Place a value at a dotted path where it may be stated; whether it was."""
        if value is None or value in ("", [], {}):
            self.gaps.append(Gap(path=path, kind="missing", note="The study does not say."))
            return False
        if origin != REGISTERED and self.claims and not needed:
            self.gaps.append(Gap(path=path, kind="left-out", origin=origin, value=value))
            return False
        if origin != REGISTERED:
            self.gaps.append(Gap(path=path, kind="stated", origin=origin, value=value))
        place(self.record, path, value)
        return True

    def put_each(self, path: str, values: list[tuple[Any, Origin | None]]) -> None:
        """Place a list of those values that may be stated; each of the others is a gap."""
        if not values:
            self.put(path, None, None)
        kept = []
        for number, (value, origin) in enumerate(values):
            if origin != REGISTERED:
                kind: Kind = "left-out" if self.claims else "stated"
                self.gaps.append(
                    Gap(path=f"{path}.{number}", kind=kind, origin=origin, value=value)
                )
            if origin == REGISTERED or not self.claims:
                kept.append(value)
        if kept:
            place(self.record, path, kept)

    def put_fact(self, path: str, *names: str, needed: bool = False) -> bool:
        """Place a fact as text."""
        found = self.fact(*names)
        words = None if found.value is None else str(found.value)
        return self.put(path, words, found.origin, needed=needed)

    def unreadable(self, path: str, found: Fact, allowed: str) -> None:
        """Note a fact that is not one of the registry's words."""
        note = f"Not one of: {allowed}."
        self.gaps.append(
            Gap(path=path, kind="unreadable", origin=found.origin, value=found.value, note=note)
        )


def statement(protocol: Protocol) -> Statement:
    """An empty record of a protocol."""
    identifier = protocol.facts.get("identifier", Fact())
    claims = identifier.value is not None and identifier.origin == REGISTERED
    return Statement(protocol=protocol, claims=claims)


def place(record: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path, making the objects on the way."""
    *parents, last = path.split(".")
    for name in parents:
        record = record.setdefault(name, {})
    record[last] = value


def as_json(gap: Gap) -> Mapping[str, Any]:
    """A gap as `gaps.json` shows it."""
    return {
        "path": gap.path,
        "kind": gap.kind,
        "origin": gap.origin,
        "value": gap.value,
        "note": gap.note,
    }
