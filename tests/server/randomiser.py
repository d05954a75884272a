"""One web process of the concurrency proof: it prepares or randomises participants, in threads.

    python randomiser.py receive|prepare|randomise OUT THREADS CODE ...

Each answer is a line in OUT: code, kit, seconds; the last is `cpu`, the process and the seconds
of processor time that its answers took. Whoever is killed is started again with the same codes;
what was answered before is answered the same.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PATIENCE = 120.0  # seconds; an allocator on a busy machine may take long to start
CONSIGNMENT = 500  # kits
SITES = ("s01", "s02", "s03", "s04", "s05")


def received(code: str, by: Any) -> str:
    """All kits of one site, consignment by consignment."""
    from equipoise_server.services.supply.receive import receive
    from equipoise_server.vault.models import Kit

    kits = tuple(Kit.objects.filter(site=code).order_by("code").values_list("code", flat=True))
    for start in range(0, len(kits), CONSIGNMENT):
        some = kits[start : start + CONSIGNMENT]
        receive(site=code, kits=some, by=by, at=NOW, key=f"kits/{code}/{start}")
    return "received"


def prepare(code: str, by: Any) -> str:
    """Screened, consented and eligible; the stratum follows from the number in the code."""
    from equipoise_server.services.consenting.consent import consent
    from equipoise_server.services.participants.screen import screen
    from equipoise_server.services.records.record import record
    from server.cast import ADULT, INFECTED

    number, on = int(code.rpartition("-")[2]), date(2026, 3, 2)
    about = {
        **ADULT,
        "sex": "fm"[number // 5 % 2],
        "pregnant": False if number // 5 % 2 == 0 else None,
        "ulcer_history": number // 10 % 2 == 1,
    }
    about = {name: value for name, value in about.items() if value is not None}
    screen(site=SITES[number % 5], code=code, on=on, by=by, at=NOW, key=f"s/{code}")
    consent(participant=code, version="1.0", by=by, at=NOW, key=f"c/{code}")
    for form, values in (("screening", about), ("screening_breath", INFECTED)):
        record(
            participant=code, form=form, values=values, visit="screen", on=on, by=by, at=NOW,
            key=f"{form}/{code}",
        )  # fmt: skip
    return "prepared"


def randomised(code: str, by: Any) -> str:
    """The kit. While nobody answers, the same request is sent again, as the sentence says."""
    from equipoise.errors import AllocatorSilent
    from equipoise_server.services.participants.randomise import randomise

    until = time.monotonic() + PATIENCE
    while True:
        try:
            return randomise(participant=code, by=by, at=NOW, key=f"r/{code}")
        except AllocatorSilent:
            if time.monotonic() > until:
                raise


def start_together(out: str) -> None:
    """Where a measurement asks for it: load the study as a server does, and wait for the others."""
    if "EQUIPOISE_TEST_TOGETHER" not in os.environ:
        return
    from django.db import connections

    from equipoise_server.store.study import active

    active()
    connections.close_all()
    Path(f"{out}.{os.getpid()}").touch()
    while not Path(f"{out}.go").exists():
        time.sleep(0.01)


def main(what: str, out: str, threads: str, *codes: str) -> None:
    """Do it for every code."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
    django.setup()
    from django.db import connections

    from equipoise_server.store.models import User

    act = {"receive": received, "prepare": prepare, "randomise": randomised}[what]
    by = User.objects.get(username="fu" if what == "receive" else "everywhere")
    connections.close_all()
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def some(part: tuple[str, ...]) -> None:
        try:
            for code in part:
                began = time.monotonic()
                said = act(code, by)
                os.write(handle, f"{code} {said} {time.monotonic() - began:.4f}\n".encode())
        finally:
            connections.close_all()

    start_together(out)
    count, spent = int(threads), time.process_time()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(some, [codes[start::count] for start in range(count)]))
    os.write(handle, f"cpu {os.getpid()} {time.process_time() - spent:.4f}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
