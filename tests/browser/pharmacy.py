"""Preparing a unit: the study's own form, and a second person who checks it."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

from playwright.sync_api import Page, expect

from .conftest import follow


def take_out(page: Page) -> None:
    """The unit leaves the cold."""
    follow(page, page.locator("[name=thaw]"))
    expect(page.locator("[name=thaw]")).to_have_count(0)


def fill_preparation(page: Page, served: SimpleNamespace, unit: str, at: datetime) -> None:
    """What the form asks, at `at` on the clock of the site; the unblinded monitor checks."""
    minute, second = at.strftime("%Y-%m-%dT%H:%M"), served.pins["unblinded monitor"]
    answers = {
        "dp_dose": "1",
        "dp_on": at.date().isoformat(),
        "dp_unit": unit,
        "dp_out_at": minute,
        "dp_thaw_minutes": "20",
        "dp_ready_at": minute,
        "dp_use_until": minute,
        "dp_preparer": served.pins["pharmacist"]["username"],
        "dp_verifier": second["username"],
        "second": second["username"],
        "second_pin": second["pin"],
    }
    for name, answer in answers.items():
        page.fill(f"#{name}", answer)
    page.select_option("#dp_appearance", "true")
    page.select_option("#dp_fate", index=1)
