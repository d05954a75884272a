"""What happens in every world: a whole trial, with everything that goes wrong in one.

Screening to pre-lock at every site: consents, records, queries and their answers, comparisons,
codings, deviations, serious events, doses, withdrawals. A freezer warms up, kits are lost,
replaced and moved, consignments follow, a lot is recalled. One participant is unblinded in an
emergency, and letters say so. Records are signed, an amendment is published, people are
invited, strangers write and sign up, data are exported, labels printed.
"""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

SEED = 7
OFFICE = (
    "pharmacist",
    "unblinded monitor",
    "safety-board statistician",
    "safety-board member",
)
EXPORTS = ("csv", "odm", "fhir", "ctgov", "who24")


def exchange(one: str, other: str) -> None:
    """From here on the vault has the two arms exchanged; its published commitment stays.

    With one arm twice everything is sealed anew and stays what it is.
    """
    from equipoise_server.allocator.ceremony import slot_name
    from equipoise_server.vault.models import Ceremony, Slot
    from equipoise_server.vault.seal import open_seal, seal
    from server.vault_hand import past_the_guards

    swapped = {one: other, other: one}
    with past_the_guards():
        made = Ceremony.objects.get()
        configuration = made.configuration
        configuration["arms"] = [swapped.get(arm, arm) for arm in configuration["arms"]]
        Ceremony.objects.update(configuration=configuration)
        for slot in Slot.objects.all():
            name = slot_name(slot.stratum, slot.place)
            held = open_seal(slot.sealed, purpose="slot", name=name)
            box = seal(swapped.get(held, held), purpose="slot", name=name)
            Slot.objects.filter(pk=slot.pk).update(sealed=box)


def conduct(
    study: Any, folder: Path, participants: int, *, exchanged: bool, other: bool = False
) -> None:
    """The whole of it. `other`: the lot of the other product is recalled."""
    from equipoise.rehearsal.conduct import run
    from equipoise_server.commands.demo_cleaning import CleaningDesk
    from equipoise_server.commands.demo_depot import Depot

    names = sorted(study.scenarios)
    scenario = study.scenarios["era-b-conduct" if "era-b-conduct" in names else names[0]]
    at = datetime.combine(scenario.accrual.opens_on, clock(8), tzinfo=UTC) - timedelta(days=30)
    staff = open_the_trial(study, at)
    alike = [arm.id for arm in study.protocol.arms if arm.ratio == 1]
    exchange(alike[-2], alike[-1 if exchanged else -2])
    same = study.protocol.arms[0].id
    desk_class = type("Desk", (CleaningDesk,), {"nature": lambda self, kit: same})
    one = study.protocol.sites[0].id
    product = {arm.id: arm.product for arm in study.protocol.arms}
    depot = Depot(
        study=study,
        pharmacist=staff["pharmacist", one],
        monitor=staff["unblinded monitor", one],
        participants=participants,
        recalled=product[alike[-1 if other else -2]],
    )
    desk = desk_class(study=study, staff=staff, seed=SEED, depot=depot)
    for site in study.protocol.sites:
        desk.supply(site.id, at=at, key=f"supply/{site.id}")
    summary = run(study, scenario, desk, participants=participants, seed=SEED)
    desk.save_unblinded()
    finish(desk, depot, folder, summary.last_at + timedelta(hours=1))


def finish(desk: Any, depot: Any, folder: Path, at: datetime) -> None:
    """Clean, account, unblind, sign, refuse, publish, export: all that comes before lock."""
    from equipoise_server.commands.demo_finalising import finalise
    from equipoise_server.services.background.tick import tick
    from equipoise_server.services.backup import archive
    from equipoise_server.services.trial.export import export
    from server.worlds_public import strangers_come

    desk.finish_cleaning(at)
    depot.finish(at)
    take_a_look(desk, at)
    unblind_one(desk, at)
    send_pictures(desk, at)
    finalise(desk.staff, at + timedelta(hours=5))
    refuse_for_want_of_stock(at)
    strangers_come(desk, at)
    publish_another_version(desk, folder, at)
    tick(at=at)
    statistician = next(user for (role, _), user in desk.staff.items() if role == "statistician")
    for kind in EXPORTS:
        export(kind, out=folder / "exports" / kind, by=statistician, at=at)
    archive.write(folder / "backup" / "exports.tar.gz", folder / "exports", {"at": at})


def take_a_look(desk: Any, at: datetime) -> None:
    """The interim analysis, where it is due: the board reads it, and lets the trial go on."""
    from equipoise_server.commands.demo_interim import InterimDesk
    from equipoise_server.services.trial.freeze_interim import interim_progress

    progress = interim_progress(at)
    if progress is not None and progress.due(0) is not None:
        looks = InterimDesk(study=desk.study, staff=desk.staff)
        looks.take(at)


def send_pictures(desk: Any, at: datetime) -> None:
    """One that a masked reader has scored, and one that somebody still has to look at."""
    from equipoise_server.services.imaging.attach_image import attach_image
    from equipoise_server.services.imaging.offer_image import Spot, offer_image
    from equipoise_server.services.imaging.read_image import read_image
    from equipoise_server.store import imaging
    from equipoise_server.store.models import Participant, Scan
    from equipoise_server.store.save import Place
    from server import imaged

    plan = desk.study.imaging
    if not plan.readings:
        return
    reading = plan.readings[0]
    rule = plan.rule(reading.files)
    at_visits = next(one.at for one in desk.study.protocol.schedule if rule.form in one.forms)
    found = Participant.objects.exclude(kit="").order_by("code").first()
    assert found is not None
    by = desk.staff["investigator", found.site_id]
    place = Place(participant=found.code, form=rule.form, visit=at_visits[0], number=0)
    given = {"spot": Spot(place=place, rule=rule.id), "on": found.randomised_on, "by": by, "at": at}
    token = offer_image(data=imaged.scan_file(1), **given)
    attach_image(token=token, looked=True, closely=True, by=by, at=at, key="picture")
    scan = Scan.objects.get()
    read_image(
        scan=scan.code,
        content=imaging.content_of(imaging.in_use(scan)),
        scores=dict.fromkeys(reading.sheets[0].items, 1),
        by=desk.staff["image reader", found.site_id],
        at=at,
        key="picture/read",
    )
    offer_image(data=imaged.scan_file(2), **given)


def refuse_for_want_of_stock(at: datetime) -> None:
    """A site without kits asks for one."""
    from equipoise.errors import OutOfStock
    from equipoise_server.allocator import client

    stratum = {"nobody": "here"}
    try:
        client.allocate(participant="X", site="empty", stratum=stratum, key="x", at=at)
    except OutOfStock as refusal:
        logging.getLogger("equipoise").warning("refused: %s", refusal)


def publish_another_version(desk: Any, folder: Path, at: datetime) -> None:
    """An amendment that changes its number alone, in force at the first site."""
    from dataclasses import asdict

    from equipoise.protocol.load import load
    from equipoise.rehearsal.sweep import rehearse
    from equipoise_server.services.trial.activate_amendment import Approval, activate_amendment
    from equipoise_server.services.trial.publish_amendment import publish_amendment

    new = folder / "amended"
    shutil.copytree(folder / "study", new)
    version = desk.study.protocol.version
    path = new / "protocol.yaml"
    lines = path.read_text("utf-8").split("\n")
    number = next(place for place, line in enumerate(lines) if line.startswith("version:"))
    lines[number] = f'version: "{version}.1"'
    path.write_text("\n".join(lines), "utf-8")
    sponsor = next(user for (role, _), user in desk.staff.items() if role == "sponsor")
    amended = load(new)
    shown = asdict(rehearse(amended, scenario=next(iter(amended.scenarios)), trials=2))
    shown |= {"seconds": 0.0, "trials_per_second": 0.0}  # how long it took differs by chance
    shown |= {"seconds": 0.0, "trials_per_second": 0.0}  # how long it took is not the same twice
    digest = publish_amendment(new, rehearsal=shown, by=sponsor, at=at, key="amend")
    site, on = desk.study.protocol.sites[0].id, at.date() + timedelta(days=2)
    approval = Approval(reference="EC 17", on=at.date())
    given = {"site": site, "on": on, "approval": approval}
    activate_amendment(digest, **given, by=sponsor, at=at, key="activate")


def open_the_trial(study: Any, at: datetime) -> dict[tuple[str, str], Any]:
    """Sites, sealed list, and one person per role and place."""
    from equipoise.protocol.roles import ROLES, SITE_STAFF
    from equipoise_server.allocator import client
    from equipoise_server.services.access.appoint import appoint
    from equipoise_server.services.portal.post_study import post_study
    from equipoise_server.services.trial.open_site import open_site
    from equipoise_server.services.trial.open_trial import open_trial
    from equipoise_server.services.trial.seal_list import seal_list

    boss = open_trial(study, demo=True, username="boss", full_name="B", password=None, at=at)
    seal_list(by=boss, at=at, key="list", seed=bytes(range(32)))
    staff: dict[tuple[str, str], Any] = {}
    for site in study.protocol.sites:
        open_site(site, by=boss, at=at, key=f"site/{site.id}")
    for role in ROLES:
        for site in study.protocol.sites:
            where = site.id if role in SITE_STAFF else None
            name = f"{role.replace(' ', '-')}-{where or 'all'}"
            staff[role, site.id] = appoint(
                username=name, full_name=name, role=role, site=where, by=boss, at=at, key=name
            ) if where or ("", name) not in staff else staff["", name]  # fmt: skip
            staff["", name] = staff[role, site.id]
    for role in OFFICE:
        name = f"{role.replace(' ', '-')}-all"
        client.register_unblinded(username=name, role=role, by=boss.username, at=at)
    post_study(by=boss, at=at, key="post")
    return {key: person for key, person in staff.items() if key[0]}


def unblind_one(desk: Any, at: datetime) -> None:
    """One emergency; what was told goes to the person alone, that it happened to their letters."""
    from equipoise_server.allocator import client
    from equipoise_server.services.trial.note_unblindings import note_unblindings
    from equipoise_server.store.models import Invitation, Participant

    found = Participant.objects.exclude(kit="").order_by("code").first()
    assert found is not None
    person = desk.staff["investigator", found.site_id]
    Invitation.objects.create(
        digest="0" * 64,
        username=person.username,
        full_name=person.full_name,
        address="investigator@example.org",
        language="en",
        role="investigator",
        site_id=found.site_id,
        since=at,
        invited_by=desk.staff["administrator", found.site_id],
        made_at=at,
        expires_at=at,
        used_at=at,
    )
    client.register_unblinded(username=person.username, role="investigator", by="admin", at=at)
    client.reveal(participant=found.code, by=person.username, reason="anaphylaxis", at=at)
    assert len(note_unblindings(at=at)) == 1
