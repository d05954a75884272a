"""The interim analysis of a demonstration: frozen when it is due, conducted, decided on.

The simulated board always lets the trial go on, so that a demonstration shows a whole one. What it
is told by letters stays in the vault until the list is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from equipoise.protocol.estimands import Interim
from equipoise.protocol.model import Study
from equipoise_server.allocator import client
from equipoise_server.services.trial.freeze_interim import freeze_interim, interim_progress
from equipoise_server.services.trial.note_interims import note_interims
from equipoise_server.store import board
from equipoise_server.store.models import InterimCut, User

EARLY = time(5)  # the depot has acted, the wards sleep
MEETS = timedelta(hours=1)  # after the analysis


@dataclass(slots=True, kw_only=True)
class InterimDesk:
    """Who acts, and which look was the last. `least`: information at which one is due, by look."""

    study: Study
    staff: Mapping[tuple[str, str], User]
    taken: int = 0
    least: tuple[float, ...] | None = None

    @property
    def _plan(self) -> Interim | None:
        return self.study.protocol.analysis.interim

    def look(self, on: date, randomised: Iterable[datetime]) -> None:
        """What happens on a morning; nothing is counted before enough people are far enough."""
        plan = self._plan
        if plan is None or self.taken >= len(plan.information) - 1:
            return
        at = datetime.combine(on, EARLY, ZoneInfo(self.study.protocol.sites[0].timezone))
        far = sum((on - one.date()).days >= plan.minimum_day for one in randomised)
        if self.least is not None and far < ceil(self.least[self.taken]):
            return
        progress = interim_progress(at)
        if progress is None:
            return
        looks = range(1, len(progress.looks) + 1)
        self.least = tuple(progress.needed(look) for look in looks)
        if progress.due(self.taken) is not None:
            self.take(at)

    def take(self, at: datetime) -> None:
        """The look that is due: frozen, conducted an hour later, decided an hour after that."""
        self.taken = freeze_interim(
            by=self._person("data manager"), at=at, key=f"demo/interim/{self.taken + 1}"
        )
        row = InterimCut.objects.get(pk=self.taken)
        client.ask(
            "conduct_interim",
            cut=row.document,
            head=row.head,
            frozen_at=row.at.isoformat(),
            by=self._person("safety-board statistician").username,
            at=at + MEETS,
        )
        client.ask(
            "decide_interim",
            look=self.taken,
            decision=board.CONTINUE,
            by=self._person("safety-board member").username,
            at=at + 2 * MEETS,
        )
        note_interims(at=at + 2 * MEETS)

    def _person(self, role: str) -> User:
        return next(user for (held, _), user in self.staff.items() if held == role)
