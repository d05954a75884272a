"""A trial to practise in: open, staffed and stocked, with nobody in it. Import after Django is set up."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from equipoise.protocol.model import Study
from equipoise_server.commands.demo_trial import open_with_staff
from equipoise_server.commands.service_desk import ServiceDesk
from equipoise_server.services.portal.post_study import post_study
from equipoise_server.store.accounts import person

SINCE = timedelta(days=30)


def open_for_practice(study: Study, folder: Path, *, seed: int, at: datetime) -> str:
    """Open the trial a month before `at`, with logins at its first site; the site's code."""
    site, opened_at = study.protocol.sites[0].id, at - SINCE
    staff = open_with_staff(study, seed, folder, opened_at, site)
    post_study(by=person("administrator"), at=opened_at, key="practice/post")
    desk = ServiceDesk(study=study, staff=staff, seed=seed)
    desk.supply(site, at=opened_at, key="practice/supply")
    return site
