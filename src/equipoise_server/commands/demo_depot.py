"""The depot of a demonstration: lots are made, tested, released, packed and sent.

On its way something goes wrong, as it does: a freezer warms up, kits are lost and moved, a
lot is recalled. What happens depends on how many were randomised, never on what they got.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from equipoise.protocol.model import ReleaseTest, Study
from equipoise_server.allocator import client, depot
from equipoise_server.services.supply.account_for import account_for
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.supply.refresh_validity import refresh_validity
from equipoise_server.services.supply.transfer_kits import transfer_kits
from equipoise_server.store.models import Kit, User

BATCH = 60  # shares
SHELF_LIFE = timedelta(days=730)
EARLY = time(4)  # the depot acts before the wards wake
TRANSFERRED = 4  # shares
EXCURSION, RECALL, LOSS, MOVE = 1 / 3, 1 / 2, 2 / 3, 3 / 4  # of the participants randomised
EXPOSED = "Freezer alarm, logger read out"
STABLE = "Stability data cover the time and temperature"
WITHIN = "Every release test is within its limits"


@dataclass(slots=True, kw_only=True)
class Depot:
    """Lots and batches, and the accidents of a whole trial of `participants`.

    `pharmacist` enters and packs, `monitor` releases and decides.
    """

    study: Study
    pharmacist: User
    monitor: User
    participants: int
    recalled: str = ""  # the product whose first lot is recalled; the one under test if empty
    lots: int = 0
    packed: int = 0
    sent: int = 0
    randomised: int = 0
    warm: str = ""
    warm_site: str = ""
    done: set[str] = field(default_factory=set)
    acts: int = 0

    def _key(self) -> str:
        self.acts += 1
        return f"demo/depot/{self.acts}"

    def ensure(self, shares: int, at: datetime) -> None:
        """Have enough packed for a consignment, from new lots where it is not."""
        while self.packed - self.sent < shares:
            batch = max(BATCH, shares)
            self._pack(batch, at)
            self.packed += batch
        self.sent += shares

    def _pack(self, shares: int, at: datetime) -> None:
        self.lots += 1
        by, codes = self.pharmacist.username, []
        used = {arm.product for arm in self.study.protocol.arms}
        for product in self.study.protocol.products:
            if product.id not in used:
                continue
            code = f"{product.id}-{self.lots:02d}"
            made_on = at.date() - timedelta(days=45)
            depot.make_lot(
                lot=code,
                product=product.id,
                made_on=made_on.isoformat(),
                expires_on=(made_on + SHELF_LIFE).isoformat(),
                papers={"scale": f"{shares} courses", "passage": "4", "storage": "as stated"},
                by=by,
                at=at,
            )
            results = {test.id: good(test) for test in product.release_tests}
            if results:
                depot.certify_lot(lot=code, results=results, by=by, at=at)
            codes.append(code)
        for code in codes:
            depot.release_lot(lot=code, reason=WITHIN, by=self.monitor.username, at=at)
        depot.pack(lots=codes, shares=shares, by=by, at=at)

    def look(self, on: date) -> None:
        """What the depot does on a morning."""
        at = datetime.combine(on, EARLY, ZoneInfo(self.study.protocol.sites[0].timezone))
        if self.warm and "decided" not in self.done:
            self._decide(at)
        for name, share, act in self._accidents():
            if name not in self.done and self.randomised >= max(1, share * self.participants):
                self.done.add(name)
                act(at)
                return

    def _accidents(self) -> tuple[tuple[str, float, Callable[[datetime], None]], ...]:
        return (
            ("excursion", EXCURSION, self._warm_up),
            ("recall", RECALL, self._recall),
            ("loss", LOSS, self._lose),
            ("move", MOVE, self._move),
        )

    def _warm_up(self, at: datetime) -> None:
        """The freezer of the busiest site is too warm for an hour."""
        self.warm_site = self._fullest()
        began = at - timedelta(hours=2)
        self.warm = depot.report_excursion(
            site=self.warm_site,
            began=began.isoformat(),
            ended=(began + timedelta(hours=1)).isoformat(),
            lowest=-80.0,
            highest=-52.5,
            by=self.pharmacist.username,
            at=at,
        )
        self.refresh(self.warm_site, at)

    def _decide(self, at: datetime) -> None:
        self.done.add("decided")
        depot.decide_excursion(
            excursion=self.warm,
            decision="use",
            reason=STABLE,
            by=self.monitor.username,
            at=at,
        )
        self.refresh(self.warm_site, at)

    def _recall(self, at: datetime) -> None:
        """The first lot of the product under test is recalled; its batch goes, whole."""
        arms = self.study.protocol.arms
        tested = next((arm.product for arm in arms if arm.role == "experimental"), arms[0].product)
        reason = "A retained sample failed its test"
        depot.recall_lot(
            lot=f"{self.recalled or tested}-01", reason=reason, by=self.monitor.username, at=at
        )
        self.packed = self.sent  # what the depot still had of the batch went too
        for site in self.study.protocol.sites:
            self.refresh(site.id, at)

    def _lose(self, at: datetime) -> None:
        """A kit cannot be found at stock-taking."""
        self._account_for(self._free(self._fullest())[:1], "lost at stock-taking", at)

    def _account_for(self, kits: list[str], reason: str, at: datetime) -> None:
        if kits:
            account_for(
                units=kits,
                became="lost" if reason.startswith("lost") else "destroyed",
                reason=reason,
                by=self.pharmacist,
                at=at,
                key=self._key(),
            )

    def _move(self, at: datetime) -> None:
        """The fullest site helps out another, where it can."""
        here, by = self._fullest(), self.pharmacist
        others = [site.id for site in self.study.protocol.sites if site.id != here]
        if not others:
            return
        most = TRANSFERRED * max(arm.ratio for arm in self.study.protocol.arms)
        self.ensure(most, at)
        kits = client.deliver(site=here, shares=most, at=at)
        receive(site=here, kits=kits, by=by, at=at, key=self._key())
        if client.lowest_stock(site=here) < most:
            return
        to = others[0]
        kits = transfer_kits(site=here, to=to, shares=TRANSFERRED, by=by, at=at, key=self._key())
        arrived = at + timedelta(hours=1)
        receive(site=to, kits=kits, by=by, at=arrived, key=self._key())

    def _free(self, site: str) -> list[str]:
        rows = Kit.objects.filter(site=site, status="in-stock", valid=True).order_by("pk")
        return list(rows.values_list("pk", flat=True))

    def _fullest(self) -> str:
        sites = [site.id for site in self.study.protocol.sites]
        return max(sites, key=lambda site: (len(self._free(site)), site))

    def refresh(self, site: str, at: datetime) -> None:
        """Tell the site which of its kits are not valid any more, or again."""
        refresh_validity(site=site, by=self.pharmacist, at=at, key=self._key())

    def finish(self, at: datetime) -> None:
        """Before the study is locked, what was recalled is destroyed."""
        rows = Kit.objects.filter(valid=False, status__in=("in-stock", "reserved", "received"))
        kits = [kit for kit in rows.order_by("pk") if _holds_units(kit.state)]
        self._account_for([kit.pk for kit in kits], "recalled, sent for destruction", at)


def _holds_units(state: Mapping[str, list[dict[str, object]]]) -> bool:
    return any(unit["status"] == "held" for unit in state["units"])


def good(test: ReleaseTest) -> float | str:
    """A result well within the limits of a test."""
    if test.accept is not None:
        return test.accept
    if test.low is not None and test.high is not None:
        return (test.low + test.high) / 2
    if test.low is not None:
        return test.low * 1.2
    return (test.high or 0.0) * 0.8
