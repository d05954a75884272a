"""The main piece of work of administrator, sponsor, investigator and data manager, from their own pages."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import CHINESE, ENGLISH, enter, follow, window
from .serving import prepared, verb

pytestmark = pytest.mark.browser
SITES = {"en": ("site-02", "SITE-02"), "zh-hans": ("site-03", "SITE-03")}
HEAD = "SUBJECT,VISIT,COLLECTED,TEST,RESULT,UNIT"


def seen(page: Page, name: str) -> None:
    """Nothing is wrong with the page; a picture where somebody wants one."""
    eyes.look(page, f"office-{name}")


def send(page: Page, name: str | re.Pattern[str] = "") -> None:
    """Press the button of the page that sends, and wait for what comes."""
    button = page.locator("main form[method=post] button[type=submit]")
    follow(page, button.filter(has_text=name).first if name else button.last)


@pytest.fixture(scope="module")
def amended(running: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The trial under way, to which the sponsor has published the amendment that ships with it."""
    folder = tmp_path_factory.mktemp("amended")
    new, shown = folder / "two", folder / "rehearsal.json"
    prepared(verb("amend", "nct05787288", "1", "--to", str(new)))
    rehearsed = verb("rehearse", str(new), "--scenario", "era-b", "--trials", "200", "--json")
    shown.write_text(prepared(rehearsed))
    given = ("--rehearsal", str(shown), "--by", running.logins["sponsor"]["username"])
    prepared(verb("publish-amendment", str(new), *given, "--dir", running.folder))
    return running


@pytest.mark.parametrize("language", ENGLISH)
def test_a_sponsor_puts_an_amendment_in_force_at_a_site(
    chromium: Browser, amended: SimpleNamespace, language: str
) -> None:
    with window(chromium) as page:
        enter(page, amended, "sponsor", language)
        seen(page, "sponsor-day")
        page.goto(f"{amended.url}/{language}/finalise/amendments/")
        seen(page, "amendments")
        follow(page, page.locator("ul.rows a").first)
        expect(page.locator("main")).to_contain_text("po_peak_flow_30")  # what changes
        expect(page.locator("main")).to_contain_text("home_oxygen")  # how older records are read
        page.locator("main summary").first.click()
        expect(page.locator("[data-rehearsal] tbody tr").first).to_be_visible()
        seen(page, "amendment")
        form = page.locator("li", has_text=SITES[language][0]).locator("form")
        form.locator("input[type=date]").fill("2020-01-01")
        follow(page, form.locator("button"))
        expect(page.locator("[role=alert][data-code='refused.amendment']")).to_be_visible()
        seen(page, "amendment-refused")
        form = page.locator("li", has_text=SITES[language][0]).locator("form")
        follow(page, form.locator("button"))
        expect(page.locator("main [role=status]")).to_be_visible()
        line = page.locator("li", has_text=SITES[language][0])
        expect(line.locator(".badge-eq")).to_be_visible()


@pytest.mark.parametrize("language", CHINESE)
def test_an_administrator_gives_a_role_for_a_time_and_ends_it(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    _, name = SITES[language]
    with window(chromium) as page:
        enter(page, running, "administrator", language)
        seen(page, "administrator-day")
        page.goto(f"{running.url}/{language}/people/members/")
        person = f"assessor-{SITES[language][0]}"
        page.select_option("#a-username", person)
        page.select_option("#a-role", "monitor")
        follow(page, page.locator("form[action$='/appoint/'] button"))
        expect(page.locator("main [role=status], main [role=alert]").first).to_be_visible()
        seen(page, "appointed")
        page.goto(f"{running.url}/{language}/people/trainings/")
        seen(page, "trainings")
        page.goto(f"{running.url}/{language}/people/roles/")
        expect(page.locator("main tbody")).to_contain_text(name)
        seen(page, "role-history")
        page.goto(f"{running.url}/{language}/people/members/")
        row = page.locator("tr", has=page.get_by_text(person, exact=True))
        follow(page, row.locator("li", has=page.locator("[value=monitor]")).locator("button"))
        expect(page.locator("main [role=status]").first).to_be_visible()
        row = page.locator("tr", has=page.get_by_text(person, exact=True))
        expect(row.locator("[value=monitor]")).to_have_count(0)


@pytest.mark.parametrize("language", ENGLISH)
def test_an_investigator_signs_and_everybody_sees_who_and_what_it_means(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    """The person at the bedside for English, the one at home for Chinese: each is signed once."""
    code = (running.bedside if language == "en" else running.home)["code"]
    with window(chromium, {"width": 820, "height": 1180}) as page, window(chromium) as office:
        enter(page, running, "investigator", language)
        page.goto(f"{running.url}/{language}/finalise/")
        seen(page, "signatures")
        follow(page, page.locator("ul.rows a", has_text=code))
        seen(page, "what-is-signed")
        record = page.locator("ul.rows a").first.get_attribute("href")
        send(page)
        expect(page.locator("main [role=status]")).to_be_visible()
        page.goto(f"{running.url}{record}")
        expect(page.locator("main")).to_contain_text("Investigator, SITE-01")
        seen(page, "signed-record")
        enter(office, running, "coordinator", language)
        office.goto(f"{running.url}{record}")
        seen(office, "signed-record-of-the-coordinator")


@pytest.mark.parametrize("language", CHINESE)
def test_a_data_manager_takes_a_laboratory_file_and_codes_a_text(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    """First a file with a line that cannot be taken: nothing is written. Then the whole of it."""
    code = running.home["code"]
    with window(chromium, "phone") as ward, window(chromium) as page:
        enter(ward, running, "coordinator", language)
        drawn = _an_event(ward, f"{running.url}/{language}/entry/{code}/", language)
        enter(page, running, "data manager", language)
        page.goto(f"{running.url}/{language}/data/laboratory/")
        seen(page, "laboratory")
        good = f"{code},BASELINE,{drawn},TROP,{5 if language == 'en' else 6},ng/L"
        _upload(page, [good, f"{code},BASELINE,2020-13-45,K,4.1,mEq/L"])
        expect(page.locator("#h-no")).to_be_visible()
        expect(page.locator("[name=key]")).to_have_count(0)  # nothing to write it with
        seen(page, "laboratory-rejects")
        page.goto(f"{running.url}/{language}/data/laboratory/")
        _upload(page, [good])
        seen(page, "laboratory-preview")
        send(page)
        expect(page.locator("main [role=status]")).to_be_visible()
        page.goto(f"{running.url}/{language}/data/coding/?search=Headache")
        seen(page, "coding")
        follow(page, page.locator("tbody th a").first)
        seen(page, "coding-one")
        send(page)
        page.goto(f"{running.url}/{language}/data/coding/?state=coded&search=Headache")
        expect(page.locator("tbody th a").first).to_contain_text("Headache")


def _an_event(page: Page, work: str, language: str) -> str:
    """The coordinator notes an adverse event; the day on which blood was drawn at baseline."""
    page.goto(f"{work}lb_c/baseline/0/")
    drawn = page.locator("[name=on]").input_value()
    page.goto(f"{work}ae/log/{901 if language == 'en' else 902}/")
    page.fill('[name="v.ae_term"]', "Headache 头痛")
    follow(page, page.locator(".bar-save button").first)
    return drawn


def _upload(page: Page, lines: list[str]) -> None:
    content = "\r\n".join((HEAD, *lines)).encode()
    sent = {"name": "lab.csv", "mimeType": "text/csv", "buffer": content}
    page.set_input_files("input[type=file]", [sent])  # type: ignore[list-item]
    send(page)
