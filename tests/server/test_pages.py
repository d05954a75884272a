"""What pages show: the same as the store holds, in both languages, under a strict policy."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.dispense import dispense, prepare_unit
from equipoise_server.store.models import User
from equipoise_server.store.queries import participants, records
from equipoise_server.store.queries.participants import Filter
from server.cast import ADULT, NOW, Cast, key, open_the_trial
from server.pages import Texts, everybody, signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines

LATER = NOW + timedelta(hours=1)


def _treated(trial: Cast) -> str:
    """Somebody randomised, with one dose and one correction."""
    code = trial.make_eligible(trial.enrol())
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    dispense(participant=code, by=trial.investigator, at=NOW, key=key())
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=NOW, key=key())
    trial.fill_in(code, "start", {"vomiting": False}, visit="start")
    administer(
        participant=code,
        dose=Dose(started_at=NOW, unit=f"{kit}-01"),
        values={"dose_at": NOW, "dose_taken": "all"},
        by=trial.nurse,
        at=NOW,
        key=key(),
    )
    trial.fill_in(code, "screening", {**ADULT, "age": 45}, reason="Typed wrongly", at=LATER)
    return code


def _urls(code: str, language: str = "en") -> list[str]:
    here = f"/{language}/site/participants/{code}/"
    return [
        f"/{language}/",
        f"/{language}/sign-in/",
        f"/{language}/site/",
        f"/{language}/site/participants/",
        f"/{language}/site/matrix/",
        here,
        f"{here}screening/screen/0/",
        f"/{language}/office/recruitment/",
        f"/{language}/office/flow/",
        f"/{language}/results/",
    ]


def test_a_record_is_shown_with_its_history(trial: Cast) -> None:
    code = _treated(trial)
    said = text_of(
        signed_in(trial.investigator).get(f"/en/site/participants/{code}/screening/screen/0/")
    )
    assert "version 2" in said
    assert "Typed wrongly" in said
    assert "44 → 45" in said
    assert "2026-03-02 10:00:00 UTC · 2026-03-02 18:00 Asia/Shanghai" in said


def test_skipped_and_missing_answers_are_told_apart(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", {**ADULT, "sex": "m", "pregnant": None, "egfr": None})
    said = text_of(
        signed_in(trial.investigator).get(f"/en/site/participants/{code}/screening/screen/0/")
    )
    form = trial.study.forms["screening"]
    skipped = any(item.shown_if for item in form.items())
    assert ("not asked" in said) is skipped
    assert "empty" in said or "not answered" in said


def test_a_participants_page_tells_the_ledger_in_sentences(trial: Cast) -> None:
    code = _treated(trial)
    english = text_of(signed_in(trial.investigator).get(f"/en/site/participants/{code}/"))
    for words in (
        "Consent, version 1.0, signed by the participant.",
        "Randomised; kit",
        "Dose 1 given in full",
    ):
        assert words in english
    chinese = text_of(signed_in(trial.investigator).get(f"/zh-hans/site/participants/{code}/"))
    assert "由参与者本人签署知情同意书，版本 1.0。" in chinese


def test_the_matrix_counts_what_is_saved(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    page = signed_in(trial.investigator).get("/en/site/matrix/").content.decode()
    cell = re.search(rf'href="/en/site/participants/{code}/#visit-screen".*?</a>', page, re.S)
    assert cell is not None
    assert re.search(r">2/3<", cell[0])  # screening and breath test are saved, pain score is not


def test_the_list_is_narrowed_and_paged_by_code(trial: Cast) -> None:
    codes = sorted(trial.enrol(f"S01-AAAAA-AAAA{letter}") for letter in "CDEFG")
    first = participants.listed(None, Filter(), limit=2)
    second = participants.listed(None, Filter(), after=first.following or "", limit=2)
    assert [one.code for one in (*first.states, *second.states)] == codes[:4]
    assert (first.total, second.following) == (5, codes[3])
    assert participants.listed(None, Filter(status="died")).total == 0
    assert participants.listed({"s02"}, Filter()).total == 0
    assert participants.listed(None, Filter(search="aaaae")).total == 1


def test_the_past_leaves_out_what_was_written_later(trial: Cast) -> None:
    code = _treated(trial)
    cut = NOW + timedelta(minutes=30)
    assert [one.version for one in records.versions(code, "screening", "screen", 0, cut=cut)] == [1]
    heads = {one.key: one.version for one in records.heads([code], cut=cut)[code]}
    assert heads["screening", "screen", 0] == 1
    before = participants.state(code, cut=NOW - timedelta(days=1))
    assert before is None
    now, then = participants.state(code), participants.state(code, cut=cut)
    assert now == then


def test_only_a_demonstration_shows_the_past(instance: SimpleNamespace) -> None:
    live = open_the_trial(instance, demo=False)
    code = live.enrol()
    client = signed_in(live.investigator)
    said = text_of(client.get(f"/en/site/participants/{code}/?on=2020-01-01"))
    assert "DEMONSTRATION" not in said
    assert "as it stood" not in said
    assert "Consent, version 1.0" in said


def test_a_nonsense_day_is_ignored(trial: Cast) -> None:
    trial.enrol()
    client = signed_in(trial.investigator)
    for day in ("yesterday", "2026-02-30", "'; drop table", "9" * 5000):
        assert client.get("/en/site/", {"on": day}).status_code == 200


def test_nonsense_filters_find_nobody_and_break_nothing(trial: Cast) -> None:
    trial.enrol()
    client = signed_in(trial.data_manager)
    for asked in (
        {"stratum": "a__b=c"},
        {"stratum": "%"},
        {"site": "\x00"},
        {"after": "\uffff"},
        {"search": "%_'"},
    ):
        assert client.get("/en/site/participants/", asked).status_code in (200, 400), asked
    assert client.get("/en/site/participants/%00/").status_code == 400


def test_every_page_keeps_to_a_strict_policy(trial: Cast) -> None:
    code = _treated(trial)
    client = signed_in(trial.investigator)
    for url in _urls(code):
        answer = client.get(url)
        page = answer.content.decode()
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert " style=" not in page, url
        assert not re.search(r"<script(?![^>]*\b(?:src=|type=.application.ld\+json))", page), url
        assert not re.search(r'\son[a-z]+="', page), url
        outside = set(re.findall(r'(?:src|href|action)="(https?://[^/"]+)', page)) - {
            "https://doi.org"
        }
        assert not outside, url


def test_pages_behind_the_sign_in_are_not_kept_by_browsers(trial: Cast) -> None:
    answer = signed_in(trial.data_manager).get("/en/office/")
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_chinese_pages_hold_no_english_sentence(trial: Cast) -> None:
    code = _treated(trial)
    people = everybody(trial)
    names = {person.full_name for person in User.objects.all()}
    client = signed_in(people["investigator"])
    office, staff = signed_in(people["data manager"]), signed_in(people["administrator"])
    pages = [(client, url) for url in _urls(code, "zh-hans")]
    pages += [(office, "/zh-hans/office/"), (staff, "/zh-hans/office/staff/")]
    pages += [(signed_in(people["pharmacist"]), "/zh-hans/unblinded-side/")]
    pages += [(signed_in(people["statistician"]), "/zh-hans/results/blinded/")]
    for browser, url in pages:
        reader = Texts()
        reader.feed(browser.get(url).content.decode())
        english = [
            text
            for text in reader.texts
            if re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", text)
            and not names & {text, text.partition(" · ")[2]}
        ]
        assert [one for one in english if "Typed wrongly" not in one] == [], url


def test_the_public_page_says_who_why_and_when(trial: Cast) -> None:
    said = text_of(Client().get("/en/"))
    protocol = trial.study.protocol
    for arm in protocol.arms:
        assert arm.title.say("en") in said
    for one in protocol.eligibility:
        assert ((one.plain or one.text).say("en") in said) is one.public
    assert trial.study.digest in said
    assert "helps more people to get rid" in said


def test_the_public_page_runs_no_script_from_a_study_folder() -> None:
    from equipoise_server.web.public.pages import html

    drawn = html("Hello <script>alert(1)</script> [x](javascript:alert(1)) <b onclick='y'>z</b>")
    assert "script" not in drawn.replace("javascript:alert(1)", "") or "<script" not in drawn
    assert 'href="javascript' not in drawn
    assert "onclick=" not in drawn.replace("&lt;b onclick", "")


def test_recruitment_and_flow_count_the_same_people(trial: Cast) -> None:
    _treated(trial)
    trial.enrol("S01-CCCCC-CCCCC")
    client = signed_in(trial.data_manager)
    assert "1 of 320 randomised" in text_of(client.get("/en/office/recruitment/"))
    flow = text_of(client.get("/en/office/flow/"))
    assert re.search(r"2 Screened", flow)
    assert re.search(r"1 still being screened", flow)
    assert re.search(r"1 Received at least one dose", flow)


def test_there_are_no_results_before_unblinding(trial: Cast) -> None:
    (trial.instance.folder / "results").mkdir()
    (trial.instance.folder / "results" / "results.json").write_text('{"results": []}')
    client = signed_in(trial.statistician)
    assert "There are no results" in text_of(client.get("/en/results/"))
    assert client.get("/en/results/files/results.json").status_code == 409


def test_after_unblinding_only_the_files_of_the_analysis_are_served(trial: Cast) -> None:
    from equipoise_server.store.models import Trial

    folder = trial.instance.folder / "results"
    folder.mkdir()
    row = {
        "estimand": "E1",
        "method": "logrank",
        "estimate": 1.25,
        "ci_low": 1.0,
        "ci_high": 1.5,
        "p_value": 0.00001,
        "n": 12,
        "independent": {"library": "x", "difference": 1e-9},
    }
    import json

    (folder / "results.json").write_text(json.dumps({"results": [row]}))
    (folder / "report.html").write_text("<style>p{}</style><p>Report</p><script>1</script>")
    (trial.instance.folder / "secret.key").write_text("secret")
    Trial.objects.update(locked_at=NOW, unblinded_at=NOW)
    client = signed_in(trial.statistician)
    said = text_of(client.get("/en/results/"))
    assert "1.250" in said
    assert "0.0001" in said
    report = client.get("/en/results/files/report.html")
    assert "sandbox" in report["Content-Security-Policy"]
    assert "script-src" not in report["Content-Security-Policy"]
    for name in ("../secret.key", "%2e%2e/secret.key", "nothing.svg"):
        assert client.get(f"/en/results/files/{name}").status_code == 404
    assert signed_in(trial.nurse).get("/en/results/files/report.html").status_code == 403


def test_my_day_shows_a_dose_that_is_due(trial: Cast) -> None:
    code = _treated(trial)
    from equipoise_server.web.shared import moment as moments

    client = signed_in(trial.nurse)
    assert moments.MORNING.hour == 8
    trial.fill_in(
        code,
        "symptoms",
        {"pain": 2},
        visit="week2",
        on=date(2026, 3, 16),
        at=NOW + timedelta(days=14),
    )
    said = text_of(client.get("/en/site/?on=2026-03-03"))
    assert "Dose 2 of 28" in said
    assert "as it stood on 2026-03-03" in said
