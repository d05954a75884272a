"""The same scripted trial in two worlds: in world b two arms are exchanged, in list and kits.

    python worlds.py OUT STUDY PARTICIPANTS PAGES WORLD[:LEAK] ...

Each world is a whole instance in a process of its own, with the operating system's
randomness replaced by one fixed stream (so that salts, session keys and nonces repeat) and
the clock standing still. What happens to participants does not depend on their arm. At the
end everything that the blinded side holds or shows is written to OUT/WORLD: every column of
its databases, every file, the log, and every page that any role can reach.

With LEAK, one of the planted leaks of `leaks.py` is built in first.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import random
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
SEED = 7
_LINK = re.compile(r'(?:href|hx-get|src)="([^"#]+)')


def stand_still() -> None:
    """One stream of random bytes, and one moment, for whoever asks."""
    state = {"n": 0}

    def stream(size: int) -> bytes:
        state["n"] += 1
        name = f"world/{state['n']}".encode()
        return hashlib.shake_256(name).digest(size)

    os.urandom = stream
    random._urandom = stream  # type: ignore[attr-defined]
    time.time = NOON.timestamp
    from django.utils import timezone

    timezone.now = lambda: NOON


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


def conduct(study: Any, participants: int, *, exchanged: bool) -> None:
    """Open, supply, screen, randomise, dose, follow up, withdraw, unblind one, run out of stock."""
    from equipoise.errors import OutOfStock
    from equipoise.rehearsal.conduct import run
    from equipoise_server.allocator import client
    from equipoise_server.commands.service_desk import ServiceDesk
    from equipoise_server.services.tick import tick

    names = sorted(study.scenarios)
    scenario = study.scenarios["era-b-conduct" if "era-b-conduct" in names else names[0]]
    at = datetime.combine(scenario.accrual.opens_on, clock(8), tzinfo=UTC) - timedelta(days=30)
    staff = open_the_trial(study, at)
    alike = [arm.id for arm in study.protocol.arms if arm.ratio == 1]
    exchange(alike[-2], alike[-1 if exchanged else -2])
    same = study.protocol.arms[0].id
    desk_class = type("Desk", (ServiceDesk,), {"nature": lambda self, kit: same})
    desk = desk_class(study=study, staff=staff, seed=SEED)
    for site in study.protocol.sites:
        desk.supply(site.id, at=at, key=f"supply/{site.id}")
    summary = run(study, scenario, desk, participants=participants, seed=SEED)
    later = summary.last_at + timedelta(hours=1)
    unblind_one(desk, later)
    stratum = {"nobody": "here"}
    try:
        client.allocate(participant="X", site="empty", stratum=stratum, key="x", at=later)
    except OutOfStock as refusal:
        logging.getLogger("equipoise").warning("refused: %s", refusal)
    tick(at=later)


def open_the_trial(study: Any, at: datetime) -> dict[tuple[str, str], Any]:
    """Sites, sealed list, and one person per role and place."""
    from equipoise_server.allocator import client
    from equipoise_server.services.appoint import appoint
    from equipoise_server.services.open_site import open_site
    from equipoise_server.services.open_trial import open_trial
    from equipoise_server.services.permissions import ROLES, SITE_STAFF
    from equipoise_server.services.seal_list import seal_list

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
    for role in ("pharmacist", "unblinded monitor", "safety-board statistician"):
        name = f"{role.replace(' ', '-')}-all"
        client.register_unblinded(username=name, role=role, by=boss.username, at=at)
    return {key: person for key, person in staff.items() if key[0]}


def unblind_one(desk: Any, at: datetime) -> None:
    """One emergency; what was told goes to the person alone."""
    from equipoise_server.allocator import client
    from equipoise_server.store.models import Participant

    found = Participant.objects.exclude(kit="").order_by("code").first()
    assert found is not None
    person = desk.staff["investigator", found.site_id]
    client.register_unblinded(username=person.username, role="investigator", by="admin", at=at)
    client.reveal(participant=found.code, by=person.username, reason="anaphylaxis", at=at)


def databases() -> Iterator[tuple[str, bytes]]:
    """Every column of every row of every table outside the vault."""
    from django.db import connections

    for alias in ("default", "identity"):
        connection = connections[alias]
        for table in sorted(connection.introspection.table_names()):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = sorted(repr(row) for row in cursor.fetchall())
            yield f"{alias}/{table}", "\n".join(rows).encode()


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the instance but the vault's, and the databases, which are read as tables."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "vault" not in path.name and "sqlite3" not in path.name:
            yield f"file/{path.relative_to(folder)}", path.read_bytes()


def pages(limit: int) -> Iterator[tuple[str, bytes]]:
    """Up to `limit` pages of each role, with status and headers, reached from any address."""
    from django.test import Client

    from equipoise_server.store.models import Membership

    seen: set[str] = set()
    people: list[Any] = [None]
    for held in Membership.objects.order_by("role", "site_id", "user_id").select_related("user"):
        if held.role not in seen:
            seen.add(held.role)
            people.append(held.user)
    for person in people:
        browser = Client(raise_request_exception=False)
        if person is not None:
            browser.force_login(person)
            session = browser.session
            session["began"] = session["seen"] = int(time.time())
            session.save()
        for url, answer in reached(browser, limit):
            headers = sorted(answer.headers.items())
            cookies = sorted(map(str, answer.cookies.values()))
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            head = repr((answer.status_code, headers, cookies)).encode()
            yield f"page/{person}/{url}", head + body


def reached(browser: Any, limit: int) -> Iterator[tuple[str, Any]]:
    """Addresses without parameters, and whatever links lead to from there."""
    waiting, known = list(addresses()), set(addresses())
    for _ in range(limit):
        if not waiting:
            return
        url = waiting.pop(0)
        answer = browser.get(url)
        yield url, answer
        if answer.streaming:
            continue
        for link in _LINK.findall(answer.content.decode("utf-8", "replace")):
            link = link.replace("&amp;", "&")
            if link.startswith("/") and link not in known:
                known.add(link)
                waiting.append(link)


def addresses() -> list[str]:
    """Every address of the blinded process that needs no parameter."""
    from django.urls import URLPattern, get_resolver

    def walk(resolver: Any, before: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            here = before + str(one.pattern).replace("^", "").replace("$", "")
            if isinstance(one, URLPattern):
                if "<" not in here and "(" not in here:
                    yield "/" + here
            else:
                yield from walk(one, here)

    return sorted(set(walk(get_resolver(), "")))


def live_through(out: Path, study: Path, participants: int, limit: int, world: str) -> None:
    """One world, from an empty folder to its pages."""
    name, _, leak = world.partition(":")
    log = os.open(out / f"{world}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(log, number)
    stand_still()
    from equipoise_server.commands.instance import create_instance

    folder = out / f"{world}.instance"
    folder.mkdir()
    (folder / "checkpoint.key").write_bytes(bytes(range(32)))
    create_instance(folder, study, demo=True)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if leak:
        from server.leaks import LEAKS

        LEAKS[leak](folder)
    from equipoise.protocol.load import load

    conduct(load(folder / "study"), participants, exchanged=name == "b")
    seen = {**dict(databases()), **dict(pages(limit)), **dict(files(folder))}
    sys.stderr.flush()
    text = (out / f"{world}.log").read_bytes().replace(str(folder).encode(), b"DIR")
    seen["log"] = text
    seen = {name: value.replace(str(folder).encode(), b"DIR") for name, value in seen.items()}
    (out / world).write_bytes(pickle.dumps(seen))


def main(out: str, study: str, participants: str, limit: str, *worlds: str) -> int:
    """Live through the worlds one after another, each in a fork of this process."""
    import django.core.management  # noqa: F401 - imported once for all worlds

    import equipoise.rehearsal.conduct  # noqa: F401

    worst = 0
    url = os.environ.get("DATABASE_URL", "")
    for number, world in enumerate(worlds):
        child = os.fork()
        if not child:
            if url:
                os.environ["DATABASE_URL"] = url.replace("?", f"w{number}?", 1)
            code = 1
            try:
                live_through(Path(out), Path(study), int(participants), int(limit), world)
                code = 0
            except BaseException:
                logging.getLogger().exception("world %s", world)
            os._exit(code)
        worst = max(worst, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return worst


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
