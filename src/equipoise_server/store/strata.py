"""Which stratum a participant belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Protocol
from equipoise.rules import UNKNOWN

SITE = "site"


def stratum_of(
    protocol: Protocol, answers: Mapping[str, object], site: str
) -> tuple[tuple[str, str], ...]:
    """The level of every stratification factor, in protocol order; "" where it is not known."""
    known = with_derived(protocol, answers)
    return tuple(
        (factor, site if factor == SITE else level_text(known.get(factor, UNKNOWN)))
        for factor in protocol.randomisation.strata
    )


def level_text(value: object) -> str:
    """A level as the allocator's list names it: codes as they are, `true` and `false`."""
    if value is UNKNOWN or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
