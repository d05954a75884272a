"""The people and the usual doings of the server tests."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

from equipoise.protocol.frozen import Text
from equipoise.protocol.load import load
from equipoise.protocol.model import Site, Study
from equipoise_server.allocator import client
from equipoise_server.commands.demo_people import delegate_and_train
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.two_persons import Agreed, together
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.records.record import Saved, record
from equipoise_server.services.supply.account_for import hand_in
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.trial.open_site import open_site
from equipoise_server.services.trial.open_trial import open_trial
from equipoise_server.store.models import Participant, Trial, User

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ADULT = {
    "consent_signed": True,
    "age": 44,
    "sex": "f",
    "pregnant": False,
    "ulcer_history": False,
    "egfr": 88.5,
}
INFECTED = {"taken_on": TODAY, "result": "positive", "excess": 12.5}
_keys = count(1)


def key() -> str:
    """A request key that nobody has used."""
    return f"key-{next(_keys)}"


@dataclass
class Cast:
    """A running trial and its staff. Chen and Bo work at s01, Dai at s02."""

    instance: SimpleNamespace
    study: Study
    administrator: User
    investigator: User
    nurse: User
    assessor: User
    elsewhere: User
    pharmacist: User
    data_manager: User
    statistician: User

    def at(self, instance: SimpleNamespace) -> Cast:
        """The same people and study in a copy of the instance."""
        study = replace(self.study, folder=str(instance.folder / "study"))
        people = {name: copy(one) for name, one in vars(self).items() if isinstance(one, User)}
        return replace(self, instance=instance, study=study, **people)

    def enrol(self, code: str = "S01-AAAAA-AAAAA", site: str = "s01") -> str:
        """Screened and consented."""
        by = self.investigator if site == "s01" else self.elsewhere
        screen(site=site, code=code, on=TODAY, by=by, at=NOW, key=key())
        consent(participant=code, version="1.0", by=by, at=NOW, key=key())
        return code

    def fill_in(self, code: str, form: str, values: dict[str, Any], **more: Any) -> Saved:
        """Save a record as the investigator, at the screening visit unless told otherwise."""
        given: dict[str, Any] = {
            "visit": "screen",
            "on": TODAY,
            "by": self.investigator,
            "at": NOW,
            "key": key(),
            **more,
        }
        return record(participant=code, form=form, values=values, **given)

    def make_eligible(self, code: str, **changes: Any) -> str:
        """All screening forms of somebody who may be randomised."""
        by = self.investigator if code.startswith("S01") else self.elsewhere
        self.fill_in(code, "screening", {**ADULT, **changes}, by=by)
        self.fill_in(code, "screening_breath", INFECTED, by=by)
        return code


def bring_everything_back(trial: Cast) -> None:
    """Nobody keeps a unit: before a study can be locked."""
    out = Participant.objects.exclude(kit="").order_by("pk").values_list("pk", "site_id")
    for code, site in out:
        by = trial.investigator if site == "s01" else trial.elsewhere
        hand_in(participant=code, reason="over", by=by, at=NOW, key=key())


def lock_unfinished(*, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    """A lock of the study as if everything had been finished."""

    def change(trial: Trial) -> None:
        trial.locked_at = at

    together("lock", "locked", first=first, second=second, at=at, key=key, change=change)


def open_the_trial(instance: SimpleNamespace, *, demo: bool = True) -> Cast:
    """Open the study at two sites, appoint the staff, seal the list, deliver kits."""
    study = load(instance.folder / "study")
    before = NOW - timedelta(days=30)
    boss = open_trial(
        study, demo=demo, username="admin", full_name="Ada Min", password=None, at=before
    )
    client.generate(study, label="demo", at=before, seed=b"a seed of thirty-two bytes......")
    for site in ("s01", "s02"):
        planned = Site(id=site, name=Text({"en": site}), timezone="Asia/Shanghai")
        open_site(planned, by=boss, at=before, key=key())
    people = {
        "investigator": ("chen", "investigator", "s01"),
        "nurse": ("bo", "dosing nurse", "s01"),
        "assessor": ("an", "assessor", "s01"),
        "elsewhere": ("dai", "investigator", "s02"),
        "pharmacist": ("fu", "pharmacist", None),
        "data_manager": ("guo", "data manager", None),
        "statistician": ("hu", "statistician", None),
    }
    staff = {
        name: appoint(
            username=username,
            full_name=username.title(),
            role=role,
            site=site,
            by=boss,
            at=before,
            key=key(),
        )
        for name, (username, role, site) in people.items()
    }
    if not demo:
        at_sites = {
            ("investigator", "s01"): staff["investigator"],
            ("dosing nurse", "s01"): staff["nurse"],
            ("assessor", "s01"): staff["assessor"],
            ("investigator", "s02"): staff["elsewhere"],
        }
        delegate_and_train(at_sites, boss=boss, at=before)
    for site in ("s01", "s02"):
        kits = client.deliver(site=site, shares=8, at=before)
        receive(site=site, kits=kits, by=staff["pharmacist"], at=before, key=key())
    return Cast(instance=instance, study=study, administrator=boss, **staff)
