"""Many web processes at once that prepare and randomise participants, and what they took.

Sixty-four clients are eight processes of eight threads, as a server would run them. Each
participant is screened, consented and eligible; strata are five sites by two factors.
"""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from django.db import connections

from equipoise.protocol.frozen import Text
from equipoise.protocol.load import load
from equipoise.protocol.model import Site
from equipoise_server.allocator import ceremony, client, kits
from equipoise_server.allocator.transaction import vault_transaction
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.trial.open_site import open_site
from equipoise_server.services.trial.open_trial import open_trial
from equipoise_server.store.models import User
from server.allocator_process import SOURCE, Allocator
from server.cast import NOW, key
from server.randomiser import SITES, prepare, received

FEW = 500
SCRIPT = Path(__file__).with_name("randomiser.py")


def open_at_five_sites(instance: SimpleNamespace, people: int) -> None:
    """The three-arm study with twenty strata, and kits enough at every site."""
    path = instance.folder / "study" / "protocol.yaml"
    text = path.read_text().replace(
        "strata: [ulcer_history]\n  record: [site]", "strata: [site, sex, ulcer_history]"
    )
    start, end = text.index("\nsites:"), text.index("\n", text.index("\nsites:") + 1)
    names = "".join(
        f"\n  - {{id: {site}, name: {{en: {site}, zh-Hans: {site}}}, timezone: Asia/Shanghai}}"
        for site in SITES
    )
    rest = iter(text[end + 1 :].splitlines(keepends=True))
    later = "".join(itertools.dropwhile(lambda line: line.startswith((" ", "#")), rest))
    text = text[: start + 1] + "sites:" + names + "\n" + later
    path.write_text(
        text.replace("planned: {value: 320", f"planned: {{value: {max(people // 10, 60)}")
    )
    study = load(instance.folder / "study")
    boss = open_trial(study, demo=True, username="b", full_name="B", password=None, at=NOW)
    client.generate(study, label="demo", at=NOW, seed=bytes(range(32)))
    for site in SITES:
        planned = Site(id=site, name=Text({"en": site}), timezone="Asia/Shanghai")
        open_site(planned, by=boss, at=NOW, key=key())
    for name, role in (("everywhere", "investigator"), ("fu", "pharmacist")):
        appoint(username=name, full_name=name, role=role, site=None, by=boss, at=NOW, key=key())
    for site in SITES:
        with vault_transaction():
            kits.make(ceremony.current(), shares=people // 5 + 5, site=site, batch="", at=NOW)


class Web:
    """Some web processes, each with its part of the participants."""

    def __init__(self, running: Allocator, out: Path, codes: list[str], processes: int) -> None:
        path = f"{SOURCE}{os.pathsep}{SCRIPT.parents[1]}"
        self.pharmacy = {**running.environment, "PYTHONPATH": path}
        self.environment = {**self.pharmacy, "EQUIPOISE_ALLOCATOR_SOCKET": str(running.blinded)}
        self.out, self.parts = out, [codes[start::processes] for start in range(processes)]

    def start(self, what: str, part: list[str], threads: int) -> subprocess.Popen[bytes]:
        words = [sys.executable, str(SCRIPT), what, str(self.out / what), str(threads), *part]
        environment = self.pharmacy if what == "receive" else self.environment
        return subprocess.Popen(words, env=environment)

    def get_ready(self, people: int) -> None:
        """Kits received and everybody eligible; a few are made so in this process."""
        if people < FEW:
            for act, codes, name in (
                (received, SITES, "fu"),
                (prepare, [code for part in self.parts for code in part], "everywhere"),
            ):
                by = User.objects.get(username=name)
                for code in codes:
                    act(code, by)
            connections.close_all()
            return
        running = [self.start("receive", [site], 1) for site in SITES]
        assert [process.wait(1800) for process in running] == [0] * len(running)
        self.all("prepare", 2)

    def all(self, what: str, threads: int) -> None:
        """Everybody, to the end."""
        running = [self.start(what, part, threads) for part in self.parts]
        assert [process.wait(1800) for process in running] == [0] * len(running)

    def all_together(self, what: str, threads: int) -> float:
        """The same, counted from when all processes are up and have loaded the study."""
        self.environment["EQUIPOISE_TEST_TOGETHER"] = "yes"
        running = [self.start(what, part, threads) for part in self.parts]
        while len(list(self.out.glob(f"{what}.*"))) < len(running):
            assert all(process.poll() is None for process in running)
            time.sleep(0.05)
        (self.out / f"{what}.go").touch()
        began = time.monotonic()
        assert [process.wait(1800) for process in running] == [0] * len(running)
        return time.monotonic() - began

    def all_with_kills(self, what: str, threads: int, allocator: Allocator, kills: int) -> int:
        """The same, while one process after another is killed and started again."""
        running = [self.start(what, part, threads) for part in self.parts]
        killed = 0
        while killed < kills and any(process.poll() is None for process in running):
            time.sleep(random.uniform(0.5, 2.5))
            if killed % 2:
                allocator.kill()
                allocator.start()
            else:
                victim = random.randrange(len(running))
                running[victim].kill()
                running[victim].wait()
                running[victim] = self.start(what, self.parts[victim], threads)
            killed += 1
        assert [process.wait(1800) for process in running] == [0] * len(running)
        return killed

    def _lines(self, what: str) -> list[list[str]]:
        return [line.split() for line in (self.out / what).read_text().splitlines()]

    def answers(self, what: str) -> dict[str, set[str]]:
        """Every kit that anybody was ever told, by participant."""
        told: dict[str, set[str]] = {}
        for code, said, _ in self._lines(what):
            if code != "cpu":
                told.setdefault(code, set()).add(said)
        return told

    def took(self, what: str) -> list[float]:
        """How long each answer took, shortest first."""
        return sorted(float(took) for code, _, took in self._lines(what) if code != "cpu")

    def processor(self, what: str) -> float:
        """Seconds of processor time of all web processes."""
        return sum(float(took) for code, _, took in self._lines(what) if code == "cpu")


def spent(pid: int, *, children: bool = False) -> float:
    """Seconds of processor time of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")


def spent_by_the_server() -> float:
    """Seconds of processor time of the PostgreSQL server; nought on SQLite."""
    if connections["default"].vendor != "postgresql":
        return 0.0
    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    head = int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])
    listed = subprocess.run(
        ["ps", "--ppid", str(head), "-o", "pid="], capture_output=True, text=True, check=True
    ).stdout.split()
    alive = [int(pid) for pid in listed if Path(f"/proc/{pid}").exists()]
    return spent(head, children=True) + sum(spent(pid) for pid in alive)


@dataclass
class Outcome:
    """What one run took: seconds of each answer, and processor time of all for one of them."""

    rate: float
    took: list[float]
    milliseconds: dict[str, float]

    def at(self, share: float) -> float:
        """The longest time of this share of the answers."""
        return self.took[min(int(share * len(self.took)), len(self.took) - 1)]


def measured(web: Web, running: Allocator, threads: int, people: int) -> Outcome:
    """Everybody randomises; nobody is killed."""
    before = spent_by_the_server(), spent(running.process.pid)
    seconds = web.all_together("randomise", threads)
    found = {
        "services": web.processor("randomise"),
        "database": spent_by_the_server() - before[0],
        "allocator": spent(running.process.pid) - before[1],
    }
    each = {name: round(1000 * value / people, 2) for name, value in found.items()}
    return Outcome(people / seconds, web.took("randomise"), each)
