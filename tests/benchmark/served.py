"""An instance on PostgreSQL to measure: a study with a form of 30 and one of 40 items.

Made once for all workloads of a run, in a process that has nothing else of Django's; its
database lies on the disk, with every safeguard on.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
THREE_ARMS = ROOT / "tests" / "studies" / "three_arms"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ON = date(2026, 3, 2)
LONG, WIDE = "long", "wide"
CLIENTS = 8


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where the instance is, and the codes of participants who consented."""

    folder: Path
    url: str
    codes: tuple[str, ...]
    postmaster: int

    @property
    def environment(self) -> dict[str, str]:
        """For processes that work on it."""
        return {
            **os.environ,
            "EQUIPOISE_DIR": str(self.folder),
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "equipoise_server.settings",
        }


@lru_cache(maxsize=1)
def served() -> Served:
    """The instance; the server ends with this process."""
    sys.path.insert(0, str(ROOT / "tests"))
    from server import postgres

    stack = ExitStack()
    atexit.register(stack.close)
    server = stack.enter_context(postgres.server(on_disk=True))
    folder = Path(tempfile.mkdtemp(prefix="eq-bench-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    url = server.replace("/postgres?", "/bench?")
    os.environ["DATABASE_URL"] = url
    os.environ["EQUIPOISE_DIR"] = str(folder / "instance")
    study = _study(folder / "study")
    codes = _open(folder / "instance", study)
    postmaster = int(
        (Path(server.split("host=")[1]) / "data" / "postmaster.pid").read_text().split()[0]
    )
    return Served(folder=folder / "instance", url=url, codes=codes, postmaster=postmaster)


def _study(folder: Path) -> Path:
    shutil.copytree(THREE_ARMS, folder)
    for name, items in ((LONG, 30), (WIDE, 40)):
        (folder / "forms" / f"{name}.yaml").write_text(_form(name, items), encoding="utf-8")
    plan = folder / "protocol.yaml"
    text = plan.read_text(encoding="utf-8")
    places = "".join(
        f"  - id: {name}\n    title: {{en: {name}, zh-Hans: {name}}}\n    forms: [{name}]\n"
        "    log: true\n"
        for name in (LONG, WIDE)
    )
    plan.write_text(text.replace("\nschedule:\n", f"\nschedule:\n{places}"), encoding="utf-8")
    return folder


def _form(name: str, items: int) -> str:
    """A form as trials have them: numbers with ranges, codes, dates, texts, skips and checks."""
    kinds = (
        "type: integer, low: 0, high: 300, unit: mmHg",
        "type: decimal, low: 0, high: 500, unit: mg/L",
        "type: code, codes: sex",
        "type: boolean",
        "type: date",
        "type: text, max_length: 200",
    )
    lines = [
        f"id: {name}",
        f"title: {{en: {name}, zh-Hans: {name}}}",
        "audience: blinded",
        "repeats: true",
        "groups:",
    ]
    for number in range(items):
        if number % 10 == 0:
            lines += [
                f"  - id: {name}_g{number}",
                f"    title: {{en: Part {number}, zh-Hans: 部分{number}}}",
                "    items:",
            ]
        shown = f", shown_if: '{name}_{number - 2} > 5'" if number % 12 == 8 else ""
        lines.append(
            f"      - {{id: {name}_{number}, text: {{en: Question {number}, zh-Hans: 问题{number}}}, "
            f"{kinds[number % 6]}{shown}}}"
        )
    lines += ["checks:"]
    for number in range(0, items - 6, 6):
        lines += [
            f"  - id: {name}-check-{number}",
            f"    rule: {name}_{number} <= 290",
            "    severity: soft",
            "    message: {en: Unusual, zh-Hans: 异常}",
        ]
    return "\n".join(lines) + "\n"


def values(name: str, items: int, turn: int) -> dict[str, object]:
    """Answers that differ from save to save."""
    given = (60 + turn % 200, 10.5 + turn % 90, "f", turn % 2 == 0, "2026-03-01", f"note {turn}")
    return {f"{name}_{number}": given[number % 6] for number in range(items)}


def _open(folder: Path, study: Path) -> tuple[str, ...]:
    """Open a trial with one site, one investigator and some consented participants."""
    from equipoise_server.commands.instance import create_instance

    create_instance(folder, study, demo=True)
    from types import SimpleNamespace

    from server import cast

    trial = cast.open_the_trial(SimpleNamespace(folder=folder))
    from equipoise.ids import participant_code

    codes = tuple(participant_code("s01", bytes([number] * 16)) for number in range(CLIENTS))
    for code in codes:
        trial.enrol(code)
    return codes
