"""Opens the reference trial and brings one participant to the bedside, their first unit prepared.

python dosed.py FOLDER: writes `bedside.json` there: code and unit. What happened before is
conducted by the same simulation as a demonstration, dated so that the first dose is due now.
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


class AtTheBedside(Exception):  # noqa: N818 - no error, a stop
    """The first dose is what comes next."""


class Randomised(Exception):  # noqa: N818 - no error, a stop
    """When the simulation would randomise; said by a desk that keeps nothing."""


class Nowhere:
    """A desk that only waits for the randomisation."""

    def day(self, **_: Any) -> Any:
        return nullcontext()

    def randomise(self, *, at: datetime, **_: Any) -> str:
        raise Randomised(at)

    def __getattr__(self, name: str) -> Any:
        return lambda **_: "S01-AAAAA-AAAAA"


def main(folder: Path) -> None:
    """Conduct one person up to the first dose; then thaw and prepare the unit."""
    study = load("nct05787288")
    create_instance(folder, find("nct05787288"), demo=True)
    from equipoise_server.commands import demo_trial
    from equipoise_server.commands.service_desk import ServiceDesk
    from equipoise_server.services.dispense import dispense, prepare_unit, thaw_unit
    from equipoise_server.store.models import Participant

    class Desk(ServiceDesk):
        """The usual desk, up to the first dose."""

        def day(self, **_: Any) -> Any:
            return nullcontext()  # what was done before the bedside stays

        def kit_in_use(self, **_: Any) -> Any:
            raise AtTheBedside

    scenario = _now(study)
    opened = NOW - timedelta(days=120)
    staff = demo_trial.open_with_staff(study, SEED, folder, opened, study.protocol.sites[0].id)
    desk = Desk(study=study, staff=staff, seed=SEED)
    for one in study.protocol.sites:
        desk.supply(one.id, at=opened, key=f"dosed/{one.id}")
    with suppress(AtTheBedside):
        run(study, scenario, desk, participants=1, seed=SEED)
    there = Participant.objects.exclude(randomised_on=None).get()
    unit, site = f"{there.kit}-01", there.site_id
    logins = json.loads((folder / "logins.json").read_text())
    before = NOW - timedelta(minutes=25)
    dispense(participant=there.pk, by=desk.pharmacist, at=before, key="dosed/dispense")
    thaw_unit(unit=unit, by=desk.pharmacist, at=NOW - timedelta(minutes=20), key="dosed/thaw")
    prepare_unit(
        unit=unit,
        by=desk.pharmacist,
        at=NOW - timedelta(minutes=19),
        key="dosed/prepare",
        verified_by=staff["coordinator", site].username,
    )
    said = {"code": there.pk, "unit": unit, "site": site, "logins": logins}
    (folder / "bedside.json").write_text(json.dumps(said))


def _now(study: Study) -> Scenario:
    """The first scenario, moved so that the randomisation falls into the last hours."""
    scenario = scenario_of(study, next(iter(study.scenarios)))
    shift = 0
    for _ in range(8):
        opens_on = scenario.accrual.opens_on + timedelta(days=shift)
        moved = replace(scenario, accrual=replace(scenario.accrual, opens_on=opens_on, sites=1))
        try:
            run(study, moved, Nowhere(), participants=1, seed=SEED)
        except Randomised as found:
            late = NOW - found.args[0]
            if timedelta(minutes=30) < late < timedelta(hours=23):
                return moved
            shift += late.days or -1
    raise RuntimeError("no day brings the randomisation into the last hours")


main(Path(sys.argv[1]))
