"""Opens the reference trial: staff, a sealed list, kits, people at the bedside, one at home.

python running.py FOLDER: writes `running.json` there. Of those who were randomised in the last
hours, and whose first dose is due now, `bedside` and `beds` (one for each language) have their
first unit prepared, `wards` have been given a kit. The person at `home` was randomised two days
ago and writes a diary. What happened before is conducted by the same simulation as a demonstration.
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
LINKS = 9
LANGUAGES = ("en", "zh-hans")
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
    """Conduct everybody up to the first dose; then prepare the units of those at the bedside."""
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
    """Two at the bedside and two on the ward, one for each language; one at home."""
    beds = {one: _somebody(study, desk, f"bed/{one}") for one in LANGUAGES}
    wards = {one: _somebody(study, desk, f"ward/{one}") for one in LANGUAGES}
    home = _somebody(study, desk, "home", hours=48)
    for person in (*beds.values(), *wards.values()):
        _dispense(person, desk)
    for person in beds.values():
        _prepare(person, desk, second)
    told = {"bedside": beds["en"], "beds": beds, "wards": wards, "home": home}
    return {**told, "links": _at_home(home["code"])}


def _somebody(study: Study, desk: Any, name: str, hours: int = 0) -> dict[str, str]:
    """Somebody randomised so many hours ago, and the first unit of their kit."""
    from equipoise_server.store.models import Participant

    known = list(Participant.objects.values_list("pk", flat=True))
    with suppress(Randomised):
        scenario, seed = _now(study, NOW - timedelta(hours=hours))
        run(study, scenario, Stopping(desk, name), participants=1, seed=seed)
    person = Participant.objects.exclude(randomised_on=None).exclude(pk__in=known).get()
    return {"code": person.pk, "unit": f"{person.kit}-01"}


def _dispense(person: dict[str, str], desk: Any) -> None:
    """The person has the kit in hand."""
    from equipoise_server.services.supply.dispense import dispense

    given = {"by": desk.pharmacist, "at": NOW - timedelta(minutes=25)}
    dispense(participant=person["code"], key=f"running/dispense/{person['code']}", **given)


def _prepare(person: dict[str, str], desk: Any, second: str) -> None:
    """The pharmacist's part before the first dose."""
    from equipoise_server.services.supply.dispense import prepare_unit, thaw_unit

    def ago(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    by, unit = desk.pharmacist, person["unit"]
    thaw_unit(unit=unit, by=by, at=ago(20), key=f"running/thaw/{unit}")
    prepare_unit(unit=unit, by=by, at=ago(19), key=f"running/prepare/{unit}", verified_by=second)


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
