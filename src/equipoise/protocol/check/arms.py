"""Arms, sites and roles that make no trial."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from zoneinfo import available_timezones

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE


def arm_findings(subject: Subject) -> Iterator[Finding]:
    """Too few arms, no control, impossible ratios, unknown time zones, doubtful facts."""
    protocol = subject.protocol
    if len(protocol.arms) < 2:
        words = "A randomised trial needs at least two arms: add one."
        yield subject.finding("study.arms", (PROTOCOL_FILE, "arms"), words)
    if protocol.arms and not any(arm.role == "control" for arm in protocol.arms):
        words = "No arm has the role control: say which one the others are compared with."
        yield subject.finding("study.arms", (PROTOCOL_FILE, "arms"), words)
    for number, arm in enumerate(protocol.arms):
        if not 1 <= arm.ratio <= 20:
            words = f"The ratio {arm.ratio} is impossible: give a whole number from 1 to 20."
            yield subject.finding("study.arms", (PROTOCOL_FILE, "arms", number, "ratio"), words)
    planned = protocol.planned.value
    if planned is not None and (not isinstance(planned, int) or planned < 1):
        words = "The planned number must be a whole number above 0, or empty where unknown."
        yield subject.finding("study.range", (PROTOCOL_FILE, "planned", "value"), words)
    yield from _sites(subject)


def _sites(subject: Subject) -> Iterator[Finding]:
    zones = available_timezones()
    for number, site in enumerate(subject.protocol.sites):
        path = (PROTOCOL_FILE, "sites", number)
        if site.timezone not in zones:
            near = get_close_matches(site.timezone, zones, n=1)
            hint = f"did you mean {near[0]}?" if near else "write it like Asia/Shanghai."
            words = f"There is no time zone `{site.timezone[:60]}`: {hint}"
            yield subject.finding("study.timezone", (*path, "timezone"), words)
        for key, most in (("latitude", 90), ("longitude", 180)):
            value = getattr(site, key)
            if value is not None and abs(value) > most:
                words = f"`{key}` {value:g} is not on Earth: give degrees up to {most}."
                yield subject.finding("study.range", (*path, key), words)
