"""The work of administrator, sponsor, investigator and data manager, from their own first pages."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from . import eyes
from .conftest import enter, follow, window
from .journeys import journey, seen, send, through, unfold
from .serving import prepared, verb
from .typist import fill_in

pytestmark = pytest.mark.browser
SITES = {"en": ("site-02", "SITE-02"), "zh-hans": ("site-03", "SITE-03")}
HEAD = "SUBJECT,VISIT,COLLECTED,TEST,RESULT,UNIT"
NUMBER = {"en": 901, "zh-hans": 902}
"""Of what is noted in each language, so that neither is in the other's way."""
MILD = {
    "ae_ongoing": True,
    "grade": 2,
    "serious": False,
    "rel_product": "unlikely",
    "rel_procedure": "unlikely",
    "rel_covid": "possible",
    "aesi": "none",
    "ae_action": "no-change",
    "ae_outcome": "recovering",
}
"""An adverse event that nobody has to report."""
ZONE = ZoneInfo("Asia/Shanghai")
MISTYPED = "Aspirin for Zhang San 张三服用阿司匹林"


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


@journey("sponsor")
def test_a_sponsor_puts_an_amendment_in_force_at_a_site(
    chromium: Browser, amended: SimpleNamespace, language: str
) -> None:
    with window(chromium) as page:
        enter(page, amended, "sponsor", language)
        seen(page, "sponsor-day")
        through(page, "/finalise/amendments/")
        seen(page, "amendments")
        follow(page, page.locator("ul.rows a").first)
        expect(page.locator("main")).to_contain_text("po_peak_flow_30")  # what changes
        expect(page.locator("main")).to_contain_text("home_oxygen")  # how older records are read
        page.locator("main summary").first.click()
        expect(page.locator("[data-rehearsal] tbody tr").first).to_be_visible()
        seen(page, "amendment")
        _in_force(page, SITES[language][0])
        expect(page.locator("main [role=status]")).to_be_visible()
        line = page.locator("main li", has_text=SITES[language][0])
        expect(line.locator(".badge-eq").first).to_be_visible()


def _in_force(page: Page, site: str) -> None:
    """Let a site work under the amendment, with the approval of its ethics committee."""
    page.select_option("select[name=site]", site)
    page.fill("[name=approval]", "EC 2026-17 伦理批件")
    page.fill("[name=approved]", "2020-01-01")
    follow(page, page.locator("main form:has([name=approval]) button[type=submit]"))


@journey("administrator", first="zh-hans")
def test_an_administrator_invites_gives_a_role_for_a_time_notes_a_training_and_ends_the_role(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    _, name = SITES[language]
    person = f"assessor-{SITES[language][0]}"
    with window(chromium) as page:
        enter(page, running, "administrator", language)
        seen(page, "administrator-day")
        through(page, "/people/")
        _invite(page, f"mei.lin.{language}")
        page.select_option("#a-username", person)
        page.select_option("#a-role", "monitor")
        follow(page, page.locator("form[action$='/appoint/'] button"))
        expect(page.locator("main [role=status]").first).to_be_visible()
        seen(page, "administrator-appointed")
        follow(page, page.locator("nav.tabs a[href$='/trainings/']"))
        page.select_option("#username", person)
        follow(page, page.locator("form[action$='/record/'] button"))
        expect(page.locator("main [role=status]")).to_be_visible()
        seen(page, "administrator-trainings")
        follow(page, page.locator("nav.tabs a[href$='/delegations/']"))
        expect(page.locator("main tbody tr").first).to_be_visible()
        expect(page.locator("#since")).to_have_count(0)  # an investigator delegates
        seen(page, "administrator-delegations")
        follow(page, page.locator("nav.tabs a[href$='/roles/']"))
        expect(page.locator("main tbody")).to_contain_text(name)
        seen(page, "administrator-role-history")
        follow(page, page.locator("nav.tabs a[href$='/members/']"))
        row = page.locator("tr", has=page.get_by_text(person, exact=True))
        line = row.locator("li", has=page.locator("[value=monitor]"))
        line.locator("summary").click()
        follow(page, line.locator("button"))
        expect(page.locator("main [role=status]").first).to_be_visible()
        row = page.locator("tr", has=page.get_by_text(person, exact=True))
        expect(row.locator("[value=monitor]")).to_have_count(0)


def _invite(page: Page, username: str) -> None:
    page.fill("#full_name", "Mei Lin 林梅")
    page.fill("#username", username)
    page.select_option("#role", "image reader")
    follow(page, page.locator("form[action$='/invite/'] button"))
    expect(page.locator("[data-link-text]")).to_contain_text("/people/invitation/")
    expect(page.locator("#h-open + *")).to_contain_text(username)
    seen(page, "administrator-invited")


@journey("investigator")
def test_an_investigator_signs_an_event_and_the_signature_no_longer_holds_when_it_changes(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    code = running.wards[language]["code"]
    with window(chromium, {"width": 820, "height": 1180}) as page:
        enter(page, running, "investigator", language)
        seen(page, "investigator-day")
        follow(page, page.locator(f"main a[href$='/entry/{code}/dose/']").first)
        follow(page, page.locator(f"main a[href$='/entry/{code}/']").first)
        follow(page, page.locator("main a[href$='/ae/next/']"))
        fill_in(page, {"ae_term": "Wheeze 喘鸣", "ae_start": datetime.now(ZONE).date(), **MILD})
        seen(page, "investigator-event")
        follow(page, page.locator(".bar-save button").first)
        event = page.url.partition("?")[0]
        record = event.replace("/entry/", "/site/participants/")
        follow(page, page.locator(".menu a").first)  # My day
        waiting = page.locator(f"a[href$='/sign/{code}/events/']").first
        expect(waiting).to_be_visible()
        follow(page, waiting)
        seen(page, "investigator-signs")
        send(page)
        expect(page.locator("main [role=status]")).to_be_visible()
        page.goto(record)
        signed = page.locator("section[aria-labelledby=h-signed]")
        expect(signed).to_contain_text("Investigator, SITE-01")
        expect(signed.locator(".badge-eq.t-good")).to_be_visible()
        seen(page, "investigator-signed")
        page.goto(event)
        page.fill('[name="v.ae_term"]', "Wheeze, heard twice 两次喘鸣")
        page.fill("#reason", "The chart says so. 以病历为准。")
        follow(page, page.locator(".bar-save button").first)
        page.goto(record)
        expect(signed.locator(".badge-eq.t-warn")).to_be_visible()
        expect(signed.locator(".badge-eq.t-good")).to_have_count(0)
        seen(page, "investigator-void")


@journey("investigator")
def test_an_investigator_delegates_a_task_and_signs_for_it(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    with window(chromium, "phone") as page:
        enter(page, running, "investigator", language)
        through(page, "/people/")
        follow(page, page.locator("nav.tabs a[href$='/delegations/']"))
        lines = page.locator("main tbody tr").count()
        page.select_option("#username", "dosing-nurse-site-01")
        page.check("[name=task][value=screening]")
        seen(page, "investigator-delegates")
        follow(page, page.locator("form:has(#since) button[type=submit]"))
        expect(page.locator("main [role=status]")).to_be_visible()
        expect(page.locator("main tbody tr")).to_have_count(lines + 1)
        seen(page, "investigator-delegated")


@journey("data manager", first="zh-hans")
def test_a_data_manager_takes_a_laboratory_file_and_codes_a_text(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    """First a file with a line that cannot be taken: nothing is written. Then the whole of it."""
    code = running.home["code"]
    with window(chromium, "phone") as ward, window(chromium) as page:
        enter(ward, running, "coordinator", language)
        drawn = _an_event(ward, f"{running.url}/{language}/entry/{code}/", language)
        enter(page, running, "data manager", language)
        seen(page, "manager-day")
        through(page, "/data/laboratory/")
        seen(page, "manager-laboratory")
        good = f"{code},BASELINE,{drawn},TROP,{5 if language == 'en' else 6},ng/L"
        _upload(page, [good, f"{code},BASELINE,2020-13-45,K,4.1,mEq/L"])
        expect(page.locator("#h-no")).to_be_visible()
        expect(page.locator("[name=key]")).to_have_count(0)  # nothing to write it with
        eyes.look(page, "journey-manager-rejects")
        through(page, "/data/laboratory/")
        _upload(page, [good])
        eyes.look(page, "journey-manager-preview")
        send(page)
        expect(page.locator("main [role=status]")).to_be_visible()
        through(page, "/data/coding/")
        page.fill("#f-search", "Headache")
        follow(page, page.locator("form.filters button"))
        seen(page, "manager-coding")
        follow(page, page.locator("tbody th a").first)
        seen(page, "manager-term")
        send(page)
        page.goto(f"{running.url}/{language}/data/coding/?state=coded&search=Headache")
        expect(page.locator("tbody th a").first).to_contain_text("Headache")


def _an_event(page: Page, work: str, language: str) -> str:
    """The coordinator notes an adverse event; the day on which blood was drawn at baseline."""
    page.goto(f"{work}lb_c/baseline/0/")
    drawn = page.locator("[name=on]").input_value()
    page.goto(f"{work}ae/log/{NUMBER[language]}/")
    page.fill('[name="v.ae_term"]', "Headache 头痛")
    follow(page, page.locator(".bar-save button").first)
    return drawn


def _upload(page: Page, lines: list[str]) -> None:
    content = "\r\n".join((HEAD, *lines)).encode()
    sent = {"name": "lab.csv", "mimeType": "text/csv", "buffer": content}
    page.set_input_files("input[type=file]", [sent])  # type: ignore[list-item]
    send(page)


@journey("data manager", "sponsor")
def test_a_data_manager_asks_to_unlock_and_to_remove_a_name_and_the_sponsor_agrees(
    chromium: Browser, running: SimpleNamespace, language: str
) -> None:
    code = running.wards[language]["code"]
    with (
        window(chromium) as manager,
        window(chromium) as sponsor,
        window(chromium, "phone") as ward,
    ):
        enter(ward, running, "coordinator", language)
        ward.goto(f"{running.url}/{language}/entry/{code}/cm/log/{NUMBER[language]}/")
        ward.locator(".field[data-item=cm_name] input").fill(MISTYPED)
        follow(ward, ward.locator(".bar-save button").first)
        enter(manager, running, "data manager", language)
        _asks_to_unlock(
            manager, f"{running.url}/{language}/site/participants/{code}/vs/baseline/0/"
        )
        named = f"{running.url}/{language}/site/participants/{code}/cm/log/{NUMBER[language]}/"
        _asks_to_redact(manager, named)
        enter(sponsor, running, "sponsor", language)
        through(sponsor, "/finalise/two-persons/")
        waiting = sponsor.locator("ul.rows a", has_text=code)
        seen(sponsor, "sponsor-two-persons")
        for left in (1, 0):
            follow(sponsor, waiting.first)
            sponsor.fill("#reason", "Agreed. 同意。")
            seen(sponsor, f"sponsor-agrees-{left}")
            follow(sponsor, sponsor.locator("button[value=agree]"))
            expect(sponsor.locator("main [role=status]")).to_be_visible()
            expect(waiting).to_have_count(left)
        manager.goto(named)
        assert "Zhang San" not in manager.content()
        seen(manager, "manager-removed")


def _asks_to_unlock(page: Page, record: str) -> None:
    """Lock a record that is finished, see that it stands, ask for it back."""
    page.goto(record)
    unfold(page, "a[href*='scope=record']")
    seen(page, "manager-checklist")
    send(page)
    expect(page.locator("main [role=status]")).to_be_visible()
    page.goto(record)
    unfold(page, "a[href*='scope=record']")
    page.fill("#reason", "The monitor found another value. 监查员发现另一数值。")
    seen(page, "manager-asks")
    send(page)
    expect(page.locator("main [role=status]")).to_be_visible()


def _asks_to_redact(page: Page, record: str) -> None:
    """A name was typed where a medicine belongs."""
    page.goto(record)
    unfold(page, "a[href*='/finalise/redact/']")
    page.check("[name=item][value=cm_name]")
    page.fill("#reason", "It names somebody. 含姓名。")
    seen(page, "manager-redacts")
    send(page)
    expect(page.locator("main [role=status]")).to_be_visible()
