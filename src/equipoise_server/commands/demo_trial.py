"""Open a trial, staff it, conduct it, lock, unblind and analyse it. Import after Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.protocol.model import Site, Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.conduct import run
from equipoise.rehearsal.people import people
from equipoise.rehearsal.setup import scenario_of
from equipoise_server.allocator import client
from equipoise_server.commands.demo_logins import Login, new_password, write_logins
from equipoise_server.commands.demo_wanted import Wanted
from equipoise_server.commands.service_desk import ServiceDesk
from equipoise_server.services.analyse import analyse
from equipoise_server.services.appoint import appoint
from equipoise_server.services.lock import lock
from equipoise_server.services.open_site import open_site
from equipoise_server.services.open_trial import open_trial
from equipoise_server.services.seal_list import seal_list
from equipoise_server.services.tick import tick
from equipoise_server.services.two_persons import Agreed
from equipoise_server.services.unblind import unblind
from equipoise_server.store.models import User
from equipoise_server.store.queries.totals import totals

AT_SITES = ("coordinator", "investigator", "dosing nurse", "assessor")
CENTRAL = (
    "pharmacist",
    "monitor",
    "unblinded monitor",
    "data manager",
    "statistician",
    "safety-board statistician",
    "safety-board member",
    "sponsor",
)
UNBLINDED = frozenset(
    {"pharmacist", "unblinded monitor", "safety-board statistician", "safety-board member"}
)
OPENING = 30  # days before the first site opens


def run_trial(
    study: Study, wanted: Wanted, folder: Path, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Run the whole trial in the open instance; returns the counts that the verb reports."""
    scenario = scenario_of(study, wanted.scenario)
    opened_at = _opens_at(scenario.accrual.opens_on) - timedelta(days=OPENING)
    shown = _busiest_site(study, scenario, wanted)
    staff = open_with_staff(study, wanted.seed, folder, opened_at, shown)
    desk = ServiceDesk(study=study, staff=staff, seed=wanted.seed)
    for site in study.protocol.sites:
        desk.supply(site.id, at=opened_at, key=f"demo/supply/{site.id}")
    summary = run(
        study,
        scenario,
        desk,
        participants=wanted.participants,
        seed=wanted.seed,
        effect=wanted.effect,
        progress=progress,
    )
    _finish(folder, staff, summary.last_at + timedelta(days=1))
    return {
        "participants": wanted.participants,
        "scenario": wanted.scenario,
        "effect": wanted.effect,
        **totals(),
    }


def _opens_at(on: date) -> datetime:
    return datetime.combine(on, time(8), tzinfo=UTC)


def _busiest_site(study: Study, scenario: Scenario, wanted: Wanted) -> str:
    """The site whose staff get the logins: the one with most to show."""
    arriving = people(scenario, wanted.participants, seed=wanted.seed, trial=0).site
    sites = study.protocol.sites
    return sites[int(np.bincount(arriving % len(sites)).argmax())].id


def open_with_staff(
    study: Study, seed: int, folder: Path, at: datetime, shown: str
) -> dict[tuple[str, str], User]:
    """Open the trial, its sites and its list, and appoint everybody; people by (role, site)."""
    password = new_password()
    boss = open_trial(
        study,
        demo=True,
        username="administrator",
        full_name="Demonstration administrator",
        password=password,
        at=at,
    )
    source = sha256(f"equipoise demo {seed}".encode()).digest()
    seal_list(by=boss, at=at, key="demo/list", seed=source)
    staff: dict[tuple[str, str], User] = {}
    entries: list[Login] = [_login(boss, "administrator", password)]
    for site in study.protocol.sites:
        open_site(site, by=boss, at=at, key=f"demo/site/{site.id}")
        known = password if site.id == shown else None
        for role in AT_SITES:
            staff[role, site.id] = _appoint(role, site, boss, at, known)
            if known:
                entries.append(_login(staff[role, site.id], role, known, site.id))
    for role in CENTRAL:
        user = _appoint(role, None, boss, at, password)
        entries.append(_login(user, role, password))
        for site in study.protocol.sites:
            staff[role, site.id] = user
        if role in UNBLINDED:
            client.register_unblinded(username=user.username, role=role, by=boss.username, at=at)
    write_logins(folder, entries)
    return staff


def _appoint(role: str, site: Site | None, boss: User, at: datetime, password: str | None) -> User:
    short = role.replace(" ", "-")
    username = f"{short}-{site.id}" if site else short
    where = f", {site.id.upper()}" if site else ""
    return appoint(
        username=username,
        full_name=f"{role.capitalize()}{where}",
        role=role,
        site=site.id if site else None,
        by=boss,
        at=at,
        key=f"demo/appoint/{username}",
        password=password,
    )


def _login(user: User, role: str, password: str, site: str = "") -> Login:
    return {"role": role, "username": user.username, "password": password, "site": site}


def _finish(folder: Path, staff: dict[tuple[str, str], User], at: datetime) -> None:
    """Lock by two persons, unblind by two persons, analyse, sign a checkpoint."""
    by_role = {role: user for (role, _), user in staff.items()}
    manager, statistician = by_role["data manager"], by_role["statistician"]
    one = Agreed(by=manager, reason="Every participant has completed; all chains verify.")
    other = Agreed(by=statistician, reason="The analysis plan is frozen in the protocol digest.")
    lock(first=one, second=other, at=at, key="demo/lock")
    unblind(first=one, second=other, at=at, key="demo/unblind")
    analyse(out=folder / "results", by=statistician, at=at)
    tick(at=at)
