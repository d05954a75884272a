"""What stands on complete records: verified against the source, signed, locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from equipoise.forms.verification import to_verify
from equipoise.protocol.model import Study
from equipoise_server.store.models import Lock, Signature, Verification

Key = tuple[str, str, int]
"""Form, visit and number of a record."""


@dataclass(slots=True, kw_only=True)
class Marks:
    """The records of one participant that are signed as they are now, and what was verified.

    `locks`: (visit, form, number) of locks on parts; a visit's has no form, the participant's
    and the site's no visit.
    """

    signed: set[Key] = field(default_factory=set)
    verified: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    locks: list[tuple[str, str, int]] = field(default_factory=list)

    def is_verified(self, study: Study, code: str, key: Key) -> bool | None:
        """Whether everything that the plan asks for is verified; None where it asks nothing."""
        form, visit, number = key
        wanted = to_verify(
            study.cleaning, study.forms[form], participant=code, visit=visit, number=number
        )
        return set(wanted) <= self.verified.get(key, set()) if wanted else None

    def is_locked(self, key: Key) -> bool:
        """Whether a lock stands over a record."""
        form, visit, number = key
        return any(
            where in ("", visit) and (what, which) in (("", 0), (form, number))
            for where, what, which in self.locks
        )


def marks(people: Iterable[tuple[str, str]]) -> dict[str, Marks]:
    """The marks of some participants, each given as code and site, with three queries."""
    sites = dict(people)
    found = {code: Marks() for code in sites}
    _sign(found)
    _verify(found)
    _lock(found, sites)
    return found


def _sign(found: dict[str, Marks]) -> None:
    rows = Signature.objects.filter(record__participant__in=found, void__isnull=True)
    for code, current, version, form, visit, number in rows.values_list(
        "record__participant_id",
        "record__current",
        "version_id",
        "record__form",
        "record__visit",
        "record__number",
    ):
        if current == version:
            found[code].signed.add((form, visit, number))


def _verify(found: dict[str, Marks]) -> None:
    rows = Verification.objects.filter(record__participant__in=found, undone_at__isnull=True)
    for code, item, form, visit, number in rows.values_list(
        "record__participant_id", "item", "record__form", "record__visit", "record__number"
    ):
        found[code].verified[form, visit, number].add(item)


def _lock(found: dict[str, Marks], sites: dict[str, str]) -> None:
    over: Collection[str] = set(sites.values())
    rows = Lock.objects.filter(Q(participant__in=found) | Q(scope="site", site__in=over))
    for scope, site, code, visit, form, number in rows.values_list(
        "scope", "site", "participant", "visit", "form", "number"
    ):
        held = [one for one, where in sites.items() if where == site] if scope == "site" else [code]
        for one in held:
            found[one].locks.append((visit, form, number))
