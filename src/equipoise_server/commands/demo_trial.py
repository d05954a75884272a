"""Open a trial, staff it, conduct it, lock, unblind and analyse it. Import after Django is set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.protocol.model import Site, Study
from equipoise.protocol.roles import CENTRAL, SITE_STAFF, UNBLINDED
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.conduct import run
from equipoise.rehearsal.people import people
from equipoise.rehearsal.setup import scenario_of
from equipoise.supply import Account, by_lot
from equipoise_server.allocator import client
from equipoise_server.allocator.depot import lots_of_kits
from equipoise_server.commands.demo_consents import ConsentDesk
from equipoise_server.commands.demo_depot import Depot
from equipoise_server.commands.demo_finalising import close_out, finalise
from equipoise_server.commands.demo_imaging import pictures_of
from equipoise_server.commands.demo_interim import InterimDesk
from equipoise_server.commands.demo_logins import Login, new_password, write_logins, write_pins
from equipoise_server.commands.demo_people import delegate_and_train
from equipoise_server.commands.demo_portal import afterwards, leave_problems, open_portal
from equipoise_server.commands.demo_special import cases_of
from equipoise_server.commands.demo_wanted import Wanted
from equipoise_server.services.access import second_factor
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.background.tick import tick
from equipoise_server.services.trial.analyse import analyse
from equipoise_server.services.trial.lock import lock
from equipoise_server.services.trial.open_site import open_site
from equipoise_server.services.trial.open_trial import open_trial
from equipoise_server.services.trial.seal_list import seal_list
from equipoise_server.services.trial.unblind import unblind
from equipoise_server.store import checkpoint, supplies
from equipoise_server.store.accounts import person
from equipoise_server.store.models import User
from equipoise_server.store.queries.accounts import Reconciliation, reconciliation
from equipoise_server.store.queries.totals import totals

OPENING = 30  # days before the first site opens


def run_trial(
    study: Study,
    wanted: Wanted,
    folder: Path,
    progress: Callable[[int, int], None],
    *,
    allocator: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> dict[str, Any]:
    """Run the whole trial in the open instance; returns the counts that the verb reports.

    The list is sealed where the vault is kept; from then on everything runs within
    `allocator`, which has the vault in a process of its own.
    """
    scenario = scenario_of(study, wanted.scenario)
    opened_at = _opens_at(scenario.accrual.opens_on) - timedelta(days=OPENING)
    shown = _busiest_site(study, scenario, wanted)
    staff = open_with_staff(study, wanted.seed, folder, opened_at, shown)
    open_portal(study, staff, by=person("administrator"), at=opened_at)
    with allocator():
        account = _conduct(study, scenario, wanted, folder, staff, (opened_at, shown), progress)
    return {
        "participants": wanted.participants,
        "scenario": wanted.scenario,
        "effect": wanted.effect,
        **totals(),
        "accountability": account,
    }


def _conduct(
    study: Study,
    scenario: Scenario,
    wanted: Wanted,
    folder: Path,
    staff: Mapping[tuple[str, str], User],
    opened: tuple[datetime, str],
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """From the first consignment to the results; returns the accountability of the kits.

    `opened`: when, and the site whose staff have the logins.
    """
    opened_at, shown = opened
    one = study.protocol.sites[0].id
    depot = Depot(
        study=study,
        pharmacist=staff["pharmacist", one],
        monitor=staff["unblinded monitor", one],
        participants=wanted.participants,
    )
    pictures = pictures_of(study, shown, staff, opened_at)
    given: dict[str, Any] = {"depot": depot, "shown": shown, "pictures": pictures}
    given["special"] = cases_of(study, scenario, shown)
    if scenario.conduct.interim:
        given["interim"] = InterimDesk(study=study, staff=staff)
    desk = ConsentDesk(study=study, staff=staff, seed=wanted.seed, **given)
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
    desk.save_unblinded()
    over = summary.last_at + timedelta(hours=12)
    desk.finish_cleaning(over)
    depot.finish(over)
    found = reconciliation()
    account = accounted(found, _by_lot(depot, over))
    leave_problems(desk, at=over)
    _finish(folder, staff, summary.last_at + timedelta(days=1))
    results, then = folder / "results" / "results.json", summary.last_at + timedelta(days=30)
    afterwards(study, desk, staff, results, at=then, now=datetime.now(UTC))
    checkpoint.write(then)  # of everything: nothing that a demonstration wrote comes after it
    return account


def accounted(found: Reconciliation, lots: Mapping[str, Account]) -> dict[str, Any]:
    """Accountability as the verb prints it: in all, by site and by lot; zero is reconciled."""
    return {
        **asdict(found.whole),
        "difference": found.whole.difference,
        "open_units": len(found.open),
        "reconciled": found.zero,
        "sites": {site: asdict(one) for site, one in found.sites.items()},
        "lots": {lot: asdict(one) for lot, one in lots.items()},
    }


def _by_lot(depot: Depot, at: datetime) -> dict[str, Account]:
    """Accountability by lot, as the unblinded monitor reads it."""
    lot_of = lots_of_kits(by=depot.monitor.username, at=at)
    return by_lot(supplies.states(), lot_of)


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
    entries: list[Login] = [_login(boss, "administrator", password, at)]
    for site in study.protocol.sites:
        open_site(site, by=boss, at=at, key=f"demo/site/{site.id}")
        known = password if site.id == shown else None
        for role in SITE_STAFF:
            staff[role, site.id] = _appoint(role, site, boss, at, known)
            if known:
                entries.append(_login(staff[role, site.id], role, known, at, site.id))
    for role in CENTRAL:
        if role == "administrator":
            continue
        user = _appoint(role, None, boss, at, password)
        entries.append(_login(user, role, password, at))
        for site in study.protocol.sites:
            staff[role, site.id] = user
        if role in UNBLINDED:
            client.register_unblinded(username=user.username, role=role, by=boss.username, at=at)
    delegate_and_train(staff, boss=boss, at=at)
    write_logins(folder, entries)
    write_pins(folder, entries, by=boss.username, at=at)
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


def _login(user: User, role: str, password: str, at: datetime, site: str = "") -> Login:
    secret = second_factor.new_secret()
    second_factor.enrol_app(user, secret, at=at)
    return {
        "role": role,
        "username": user.username,
        "password": password,
        "site": site,
        "totp": secret,
    }


def _finish(folder: Path, staff: Mapping[tuple[str, str], User], at: datetime) -> None:
    """Finish, lock by two persons, unblind by two persons, analyse, sign a checkpoint."""
    by_role = {role: user for (role, _), user in staff.items()}
    manager, statistician = by_role["data manager"], by_role["statistician"]
    one = Agreed(by=manager, reason="Every participant has completed; all chains verify.")
    other = Agreed(by=statistician, reason="The analysis plan is frozen in the protocol digest.")
    close_out(staff, at - timedelta(hours=6))
    finalise(staff, at)
    lock(first=one, second=other, at=at, key="demo/lock")
    unblind(first=one, second=other, at=at, key="demo/unblind")
    analyse(out=folder / "results", by=statistician, at=at)
    tick(at=at)
