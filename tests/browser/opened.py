"""Opens the reference trial in a folder: staff, sites, a sealed list and kits, nobody in it yet.

python opened.py FOLDER
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from equipoise.protocol.load import find, load
from equipoise_server.commands.instance import create_instance


def main(folder: Path) -> None:
    """Make the instance, through the same services as a demonstration."""
    study = load("nct05787288")
    create_instance(folder, find("nct05787288"), demo=True)
    from equipoise_server.commands import demo_trial
    from equipoise_server.commands.service_desk import ServiceDesk

    at = datetime.now(UTC) - timedelta(days=40)
    site = study.protocol.sites[0]
    staff = demo_trial.open_with_staff(study, 7, folder, at, site.id)
    desk = ServiceDesk(study=study, staff=staff, seed=7)
    desk.supply(site.id, at=at, key="opened/supply")


main(Path(sys.argv[1]))
