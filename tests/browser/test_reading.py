"""From a file at the site to a masked score: attached after a look, read by keyboard alone."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect

from sent_files import dicom, picture

from . import eyes
from .conftest import enter, follow, listen, window
from .journeys import journey, seen

pytestmark = pytest.mark.browser
SLICES = {"en": 4, "zh-hans": 5}  # one file belongs to one participant alone
WORDS = {
    "en": {"not": "Not read yet", "once": "Read once", "none": "Nothing waits for you."},
    "zh-hans": {"not": "尚未阅读", "once": "已阅一次", "none": "没有待阅图像。"},
}


def _scan(slices: int) -> bytes:
    made = picture((slices, 64, 64))
    made.BurnedInAnnotation, made.PatientName = "YES", "CANARY^Zhang"
    made.RescaleSlope, made.RescaleIntercept = "1", "-1024"
    return dicom(made)


def _attach(page: Page, pictures: str, language: str) -> None:
    page.goto(pictures)
    seen(page, "reader-files-empty")
    sent = {
        "name": "CANARY Zhang San.dcm",
        "mimeType": "text/plain",
        "buffer": _scan(SLICES[language]),
    }
    page.set_input_files("input[type=file]", [sent])  # type: ignore[list-item]
    page.click("button[value=send]")
    page.wait_for_url("**/pictures/offered/**")
    eyes.look(page, "journey-reader-review")
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
    expect(page.get_by_text(WORDS[language]["not"])).to_be_visible()
    with page.expect_download() as saving:
        page.locator("main a[href*='/files/kept/'][href$='/0/']").click()
    kept = pydicom.dcmread(BytesIO(saving.value.path().read_bytes()))
    assert str(kept.PatientName).startswith("IMG-")
    assert kept.pixel_array.shape == (SLICES[language], 64, 64)


def _read(page: Page, code: str, language: str) -> None:
    seen(page, "reader-day")
    follow(page, page.locator("ul.rows a").first)
    page.wait_for_url("**/reading/SCAN-*/")
    eyes.look(page, "journey-reader-sheet")
    assert code not in page.content()
    page.locator("#main").focus()
    page.keyboard.press("w")
    expect(page.locator("#window")).to_have_value("soft")
    page.keyboard.press(".")
    expect(page.locator("figure.scan output").first).to_have_text("2")
    page.keyboard.type("12345")
    expect(page.locator("#sum output")).to_have_text("15")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reading/?kept=1")
    expect(page.get_by_text(WORDS[language]["none"])).to_be_visible()
    follow(page, page.get_by_role("link", name="SCAN-").first)
    expect(page.locator("#main")).to_contain_text("15")
    seen(page, "reader-scores")


@journey("image reader")
def test_a_file_is_attached_and_read_by_keyboard(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    code = running.beds[language]["code"]
    pictures = f"{running.url}/{language}/pictures/{code}/ct/d28/0/"
    with window(chromium) as page:
        enter(page, running, "investigator", language)
        heard = listen(page, running.url)
        _attach(page, pictures, language)
    assert [one for one in heard if "409" not in one] == []
    with window(chromium) as page:
        enter(page, running, "image reader", language)
        heard = listen(page, running.url)
        _read(page, code, language)
    assert heard == []
    with window(chromium, "phone") as page:
        enter(page, running, "investigator", language)
        page.goto(pictures)
        expect(page.get_by_text(WORDS[language]["once"])).to_be_visible()
        eyes.look(page, "journey-reader-files-read-once")
        assert eyes.small(page) == []
