"""From a file at the site to a masked score: attached after a look, read by keyboard alone."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect

from sent_files import dicom, picture

from . import eyes
from .conftest import enter, listen, window

pytestmark = [pytest.mark.browser, pytest.mark.prove]


def _scan() -> bytes:
    made = picture((4, 64, 64))
    made.BurnedInAnnotation, made.PatientName = "YES", "CANARY^Zhang"
    made.RescaleSlope, made.RescaleIntercept = "1", "-1024"
    return dicom(made)


def _attach(page: Page, running: SimpleNamespace) -> None:
    page.goto(f"{running.url}/en/pictures/{running.bedside['code']}/ct/d28/0/")
    eyes.look(page, "files-empty")
    sent = {"name": "CANARY Zhang San.dcm", "mimeType": "text/plain", "buffer": _scan()}
    page.set_input_files("input[type=file]", [sent])  # type: ignore[list-item]
    page.click("button[value=send]")
    page.wait_for_url("**/pictures/offered/**")
    eyes.look(page, "review")
    assert "CANARY" not in page.content()
    before = page.locator("figure.scan img").get_attribute("src")
    page.locator("figure.scan input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("figure.scan output")).to_have_text("2")
    assert page.locator("figure.scan img").get_attribute("src") != before
    page.check("input[name=looked]")
    page.click("button[value=attach]")
    expect(page.locator("[data-code='refused.not-looked-at']")).to_be_visible()
    page.check("input[name=looked]")
    page.check("input[name=closely]")
    page.click("button[value=attach]")
    page.wait_for_url("**?done=attached")
    expect(page.get_by_text("Not read yet")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the de-identified file").click()
    kept = pydicom.dcmread(BytesIO(saving.value.path().read_bytes()))
    assert str(kept.PatientName).startswith("IMG-")
    assert kept.pixel_array.shape == (4, 64, 64)


def _read(page: Page, running: SimpleNamespace) -> None:
    page.goto(f"{running.url}/en/reading/")
    eyes.look(page, "reading-list")
    page.locator("ul.rows a").first.click()
    page.wait_for_url("**/reading/SCAN-*/")
    eyes.look(page, "reading-sheet")
    assert running.bedside["code"] not in page.content()
    page.locator("#main").focus()
    page.keyboard.press("w")
    expect(page.locator("#window")).to_have_value("soft")
    page.keyboard.press(".")
    expect(page.locator("figure.scan output").first).to_have_text("2")
    page.keyboard.type("12345")
    expect(page.locator("#sum output")).to_have_text("15")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reading/?kept=1")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    page.get_by_role("link", name="SCAN-").click()
    expect(page.get_by_role("heading", name="Your scores")).to_be_visible()


def test_a_file_is_attached_and_read_by_keyboard(
    chromium: Browser, running: SimpleNamespace
) -> None:
    with window(chromium) as page:
        enter(page, running, "investigator")
        heard = listen(page, running.url)
        _attach(page, running)
    assert [one for one in heard if "409" not in one] == []
    with window(chromium) as page:
        enter(page, running, "image reader")
        heard = listen(page, running.url)
        _read(page, running)
    assert heard == []
    with window(chromium, "phone") as page:
        enter(page, running, "investigator", "zh-hans")
        page.goto(f"{running.url}/zh-hans/pictures/{running.bedside['code']}/ct/d28/0/")
        expect(page.get_by_text("已阅一次")).to_be_visible()
        eyes.look(page, "files-read-once")
        assert eyes.small(page) == []
