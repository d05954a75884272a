"""Opens the reference trial: staff, a sealed list, kits, one person at the bedside, one at home.

python running.py FOLDER: writes `running.json` there. The person at the bedside has been
randomised in the last hours, the first unit is prepared, the first dose is due now; the person
at home was randomised two days ago and writes a diary. What happened before is conducted by
the same simulation as a demonstration.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from equipoise.protocol.load import find, load
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.conduct import run
from equipoise.rehearsal.setup import scenario_of
from equipoise_server.commands.instance import create_instance

SEED = 7
NOW = datetime.now(UTC)
REGISTRY = Path(__file__).parents[1] / "registry"
LINKS = 8
EARLIEST, LATEST = timedelta(minutes=30), timedelta(hours=20)


class Randomised(Exception):  # noqa: N818 - no error, a stop
    """What comes next is the first dose; or, at a desk that keeps nothing, the randomisation."""


class Nowhere:
    """A desk that only waits for the randomisation."""

    def day(self, **_: Any) -> Any:
        return nullcontext()

    def randomise(self, *, at: datetime, **_: Any) -> str:
        raise Randomised(at)

    def __getattr__(self, name: str) -> Any:
        return lambda **_: "S01-AAAAA-AAAAA"


class Stopping:
    """The usual desk up to the first dose; `name` keeps its requests apart from another's."""

    def __init__(self, desk: Any, name: str) -> None:
        self.desk, self.name = desk, name

    def day(self, **_: Any) -> Any:
        return nullcontext()  # what was done before the bedside stays

    def kit_in_use(self, **_: Any) -> Any:
        raise Randomised

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.desk, name)

        def named(*given: Any, **by_name: Any) -> Any:
            if "key" in by_name:
                by_name["key"] = f"{self.name}/{by_name['key']}"
            return verb(*given, **by_name)

        return named


def main(folder: Path) -> None:
    """Conduct two people up to the first dose; then thaw and prepare the unit of the first."""
    study = load("nct05787288")
    create_instance(folder, find("nct05787288"), demo=True)
    from equipoise_server.commands import demo_trial
    from equipoise_server.commands.service_desk import ServiceDesk
    from equipoise_server.services.portal.list_studies import list_records

    opened, site = NOW - timedelta(days=120), study.protocol.sites[0].id
    staff = demo_trial.open_with_staff(study, SEED, folder, opened, site)
    desk = ServiceDesk(study=study, staff=staff, seed=SEED)
    desk.supply(site, at=opened, key="running/supply")
    list_records(sorted(REGISTRY.glob("*.json")), at=NOW)
    told = {"site": site, **_people(study, desk, staff["coordinator", site].username)}
    (folder / "running.json").write_text(json.dumps(told))


def _people(study: Study, desk: Any, second: str) -> dict[str, Any]:
    """One at the bedside, one at home."""
    from equipoise_server.store.models import Participant

    told: dict[str, Any] = {}
    for name, hours in (("bedside", 0), ("home", 48)):
        with suppress(Randomised):
            scenario, seed = _now(study, NOW - timedelta(hours=hours))
            run(study, scenario, Stopping(desk, name), participants=1, seed=seed)
        known = [one["code"] for one in told.values()]
        person = Participant.objects.exclude(randomised_on=None).exclude(pk__in=known).get()
        told[name] = {"code": person.pk, "unit": f"{person.kit}-01"}
    _prepare(told["bedside"], desk, second)
    return {**told, "links": _at_home(told["home"]["code"])}


def _prepare(person: dict[str, str], desk: Any, second: str) -> None:
    """The pharmacist's part before the first dose."""
    from equipoise_server.services.supply.dispense import dispense, prepare_unit, thaw_unit

    def ago(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    by, unit = desk.pharmacist, person["unit"]
    dispense(participant=person["code"], by=by, at=ago(25), key="running/dispense")
    thaw_unit(unit=unit, by=by, at=ago(20), key="running/thaw")
    prepare_unit(unit=unit, by=by, at=ago(19), key="running/prepare", verified_by=second)


def _at_home(code: str) -> list[str]:
    """The person at home can be written to; links with which they come in."""
    from equipoise_server.services.letters import links
    from equipoise_server.services.own_pages.participant_door import open_door

    open_door(code, address="home@example.org", phone="", language="en", at=NOW)
    return [links.make("me", f"{code}.{number}") for number in range(LINKS)]


def _now(study: Study, wanted: datetime) -> tuple[Scenario, int]:
    """The first scenario and a seed whose person is randomised in the hours before `wanted`."""
    scenario = scenario_of(study, next(iter(study.scenarios)))
    for seed in range(SEED, SEED + 20):
        shift = 0
        for _ in range(4):
            opens_on = scenario.accrual.opens_on + timedelta(days=shift)
            moved = replace(scenario, accrual=replace(scenario.accrual, opens_on=opens_on, sites=1))
            late = wanted - _randomised(study, moved, seed)
            if EARLIEST < late < LATEST:
                return moved, seed
            shift += late.days
    raise RuntimeError("nobody is randomised in the last hours")


def _randomised(study: Study, scenario: Scenario, seed: int) -> datetime:
    """When the person of this seed is randomised."""
    try:
        run(study, scenario, Nowhere(), participants=1, seed=seed)
    except Randomised as found:
        at: datetime = found.args[0]
        return at
    raise RuntimeError("nobody is randomised")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
