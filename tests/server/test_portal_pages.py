"""The public side as strangers send it: forms, links, search, machines' views, the office's pages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from equipoise_server.identity.models import Enquirer, Volunteer
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.portal import annotate as noting
from equipoise_server.services.portal import public_limits
from equipoise_server.services.portal.list_studies import list_records
from equipoise_server.services.portal.post_study import post_site, post_study
from equipoise_server.store.models import Enquiry, PublicCount, SitePosting
from equipoise_server.store.queries import listings
from equipoise_server.store.queries.listings import Wanted
from server.cast import NOW, Cast, key
from server.pages import Texts, everybody, signed_in, text_of
from server.portal import ANNA, link_in, proved, volunteer, write_to
from server.smtp import Server, serving

pytestmark = pytest.mark.once  # the same on both engines
SAMPLES = Path(__file__).parents[1] / "registry"


@pytest.fixture
def server(trial: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _message(**more: str) -> dict[str, str]:
    return {
        "step": "send",
        "site": "s01",
        "name": "Anna Canary",
        "address": ANNA,
        "consent": "yes",
        **more,
    }


def _volunteer_client(server: Server, address: str = ANNA) -> Client:
    """A browser in which a volunteer has confirmed and is signed in."""
    client = Client()
    wish = {"address": address, "topic": "helicobacter", "rhythm": "digest", "alerts": "yes"}
    assert client.post("/en/volunteer/", {**wish, **proved()}).status_code == 302
    send_mail(at=timezone.now())
    signed = link_in(server.last(address), "confirm")
    assert client.get(f"/en/volunteer/confirm/{signed}/").status_code == 200
    answer = client.post(f"/en/volunteer/confirm/{signed}/")
    assert answer.headers["Location"] == "/en/volunteer/space/"
    return client


def test_a_message_is_sent_and_its_state_shown_without_a_cookie(
    trial: Cast, server: Server
) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/en/contact/", _message(**proved(), **{"a.age": "yes"}), follow=True)
    assert "Your message has been sent" in text_of(answer)
    assert "Not read yet" in text_of(answer)
    assert not client.cookies
    assert Enquiry.objects.count() == 1


MACHINES: tuple[dict[str, str], ...] = (
    {"proof": ""},
    {"proof": "!!!"},
    {"proof": base64.b64encode(b'{"algorithm":"SHA-256"}').decode()},
    {"proof": base64.b64encode(b"[]").decode()},
    {"website": "http://spam.example"},
    {"stamp": ""},
    {"stamp": "1:forged"},
    {"name": "Anna\x00"},
)


def test_a_machine_gets_nothing_through(trial: Cast, server: Server) -> None:
    for change in MACHINES:
        sent = {**_message(), **proved(), **change}
        assert Client().post("/en/contact/", sent).status_code == 400, change
    assert not Enquiry.objects.exists()
    assert not Enquirer.objects.using("identity").exists()


def test_a_zero_byte_breaks_no_page(trial: Cast, server: Server) -> None:
    client = _volunteer_client(server)
    boss, site = signed_in(trial.administrator), signed_in(trial.investigator)
    nul = "a\x00b"
    for browser, path in (
        (client, "volunteer/save/"),
        (client, "volunteer/note/"),
        (client, f"volunteer/notes/{'a' * 26}/"),
        (boss, "office/public/"),
        (site, "office/questions/"),
        (site, f"office/contacts/{'a' * 26}/"),
        (Client(), "fits/"),
    ):
        names = ("study", "at", "text", "label", "token", "contact_name", "via")
        sent = {**dict.fromkeys(names, nul), "act": "source", "code": "abc", "wish": "answer"}
        assert browser.post(f"/en/{path}", sent).status_code == 400, path


def test_too_quick_too_old_and_used_twice_are_refused(trial: Cast, server: Server) -> None:
    client = Client()
    for age in (0.5, 5 * 3600):
        assert client.post("/en/contact/", _message(**proved(age))).status_code == 400
    sum_done = proved()
    assert client.post("/en/contact/", _message(**sum_done)).status_code == 302
    assert client.post("/en/contact/", _message(**sum_done)).status_code == 400
    assert Enquiry.objects.count() == 1


def test_a_network_cannot_send_without_end(trial: Cast, server: Server) -> None:
    client = Client(REMOTE_ADDR="203.0.113.7")
    said = ""
    for _ in range(public_limits.PER_NETWORK + 1):
        said = text_of(client.post("/en/volunteer/sign-in/", {"address": ANNA}))
    assert "too many requests" in said
    neighbour = Client(REMOTE_ADDR="203.0.113.9").post("/en/volunteer/sign-in/", {"address": ANNA})
    assert "too many requests" in text_of(neighbour)
    other = Client(REMOTE_ADDR="198.51.100.1").post("/en/volunteer/sign-in/", {"address": ANNA})
    assert "too many requests" not in text_of(other)


def test_scripts_in_a_form_come_back_as_text(trial: Cast, server: Server) -> None:
    nasty = '"><script>alert(1)</script>'
    for path in ("/en/contact/", "/zh-hans/contact/"):
        page = Client().post(path, _message(name=nasty, text=nasty)).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    for query in ("q", "place", "topic", "age", "sex", "status", "page"):
        page = Client().get("/en/studies/", {query: nasty}).content.decode()
        assert "<script>alert" not in page


def test_pre_screening_never_just_says_no_and_keeps_nothing(trial: Cast) -> None:
    client = Client()
    asked = re.findall(r'name="(a\.[^"]+)"', client.get("/en/fits/").content.decode())
    assert asked
    all_no = client.post("/en/fits/", dict.fromkeys(asked, "no"))
    assert "Only the study doctor decides" in text_of(all_no)
    assert "Look for other studies" in text_of(all_no)
    nothing = client.post("/en/fits/", {"a.no-such": "yes", asked[0]: "<script>"})
    assert "not known" in text_of(nothing)
    assert "no-such" not in nothing.content.decode()
    assert not Enquiry.objects.exists()
    counted = dict(PublicCount.objects.values_list("step", "count"))
    assert counted == {"pre-screen": 1, "pre-screened": 2}


def test_the_study_page_is_complete_for_people_and_machines(trial: Cast, server: Server) -> None:
    post_site(
        site="s01",
        status="recruiting",
        contact_name="Dr Chen",
        contact_role="investigator",
        phone="+86 10 1234",
        mail="box.canary@example.org",
        by=trial.administrator,
        at=NOW,
        key=key(),
    )
    page = Client().get("/en/?place=Beijing").content.decode()
    for part in ("Dr Chen", "+86 10 1234", "Write to this hospital", "About HP-THREE"):
        assert part in page
    assert "canary" not in page
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    assert json.loads(found[1])["status"].endswith("Recruiting")
    record = Client().get("/en/studies/HP-three/record.json").json()
    assert record["protocolSection"]["statusModule"]["overallStatus"] == "RECRUITING"
    assert len(record["protocolSection"]["contactsLocationsModule"]["locations"]) == 2
    resource = Client().get("/en/studies/hp-three/fhir.json").json()
    assert resource["progressStatus"][0]["state"]["coding"][0]["code"] == "recruiting"
    assert Client().get("/en/studies/nobody/fhir.json").status_code == 404
    svg = Client().get("/en/refer/code.svg").content.decode()
    assert svg.startswith("<svg")
    assert "<urlset" in Client().get("/en/sitemap.xml").content.decode()


def test_public_pages_set_no_cookie_and_load_nothing_from_elsewhere(trial: Cast) -> None:
    client = Client()
    for path in ("", "studies/", "fits/", "contact/", "refer/", "volunteer/", "volunteer/sign-in/"):
        answer = client.get(f"/en/{path}")
        assert answer.status_code == 200
        assert not client.cookies, path
        loaded = re.findall(
            r'(?:src|<link rel="stylesheet" href)="([^"]+)"', answer.content.decode()
        )
        assert all(one.startswith("/") for one in loaded), path


def test_a_promise_in_a_public_text_is_held_back(instance: SimpleNamespace) -> None:
    from server.cast import open_the_trial

    page = instance.folder / "study" / "pages" / "about.en.md"
    page.write_text(f"{page.read_text()}\n\nThis tablet cures everybody.\n")
    trial = open_the_trial(instance)
    shown = text_of(Client().get("/en/"))
    assert "cures everybody" not in shown
    assert "promised more than a trial can know" in shown
    office = text_of(signed_in(trial.administrator).get("/en/office/public/"))
    assert "cures" in office
    assert noting.public_passages(trial.study, "en")[-1].text.startswith("The study asks")


def test_somebody_elses_note_and_forged_ids_are_not_there(trial: Cast, server: Server) -> None:
    anna = _volunteer_client(server)
    bo = _volunteer_client(server, "bo@example.org")
    assert anna.get("/en/volunteer/note/?at=about.1").status_code == 200
    assert anna.get("/en/volunteer/note/?at=nothing.1").status_code == 404
    written = {"at": "about.1", "text": "<b>Is it safe?</b>", "wish": "keep"}
    assert anna.post("/en/volunteer/note/", written).status_code == 302
    page = anna.get("/en/volunteer/space/").content.decode()
    assert "&lt;b&gt;Is it safe?" in page
    found = re.search(r"/volunteer/notes/([a-z0-9]+)/", page)
    assert found is not None
    for token in (found[1], "x", "%00", "a" * 300):
        answer = bo.post(f"/en/volunteer/notes/{token}/", {"wish": "forget"})
        assert answer.status_code in (400, 404)
    assert "Is it safe" in anna.get("/en/volunteer/space/").content.decode()
    assert "Is it safe" not in bo.get("/en/volunteer/space/").content.decode()


def test_a_volunteer_does_everything_on_own_pages_and_leaves(trial: Cast, server: Server) -> None:
    client = _volunteer_client(server)
    client.post("/en/volunteer/save/", {"study": "hp-three"})
    client.post("/en/volunteer/choose/", {"topic": ["asthma", "copd"], "rhythm": "at-once"})
    client.post("/en/volunteer/consent/", {"purpose": "keep", "wish": "give"})
    assert client.post("/en/volunteer/consent/", {"purpose": "x"}).status_code == 400
    assert client.post("/en/volunteer/choose/", {"rhythm": "hourly"}).status_code == 400
    document = json.loads(client.get("/en/volunteer/export/").content)
    assert document["topics"] == ["asthma", "copd"]
    assert [one["purpose"] for one in document["consents"]] == ["keep", "alerts"]
    assert "Write a note" in client.get("/en/").content.decode()
    assert "forgotten you" in text_of(client.post("/en/volunteer/erase/", {"sure": "yes"}))
    assert client.get("/en/volunteer/space/").status_code == 302
    assert not Volunteer.objects.using("identity").filter(sealed__isnull=False).exists()


def test_own_pages_are_closed_to_strangers_and_to_staff(trial: Cast) -> None:
    for client in (Client(), signed_in(trial.investigator)):
        for path in ("space", "export", "erase", "note"):
            answer = client.get(f"/en/volunteer/{path}/")
            assert answer.headers["Location"] == "/en/volunteer/sign-in/"


def test_one_click_stops_alerts_without_signing_in(trial: Cast, server: Server) -> None:
    from equipoise_server.services.letters import links

    token = volunteer(server)
    client = Client(enforce_csrf_checks=True)
    signed = links.make("stop", token)
    assert "Stop all alerts" in client.get(f"/en/volunteer/stop/{signed}/").content.decode()
    answer = client.post(f"/en/volunteer/stop/{signed}/", {"List-Unsubscribe": "One-Click"})
    assert "no more alerts" in text_of(answer)
    assert client.get("/en/volunteer/stop/forged/").status_code == 410


def test_registry_samples_are_listed_found_and_shown(trial: Cast) -> None:
    files = sorted(SAMPLES.glob("NCT*.json"))
    assert list_records(files, at=NOW) == len(files) == 6
    assert list_records(files, at=NOW) == 6
    post_study(by=trial.administrator, at=NOW, key=key())
    assert listings.count() == 7
    own = listings.search(Wanted(text="幽门螺杆菌"))
    assert [one.study for one in own.rows] == ["hp-three"]
    for row in listings.search(Wanted()).rows:
        title = " ".join(next(iter(row.title.values())).split()[:3])
        assert row.study in [one.study for one in listings.search(Wanted(text=title)).rows]
        assert Client().get(f"/zh-hans/studies/{row.study}/").status_code in (200, 302)
    for narrowed in (Wanted(status=row.status), Wanted(age=30.0), Wanted(sex="f")):
        assert 0 < listings.search(narrowed).total <= 7
    assert listings.search(Wanted(topic=row.topics[0] if row.topics else "")).total
    assert listings.search(Wanted(text="nothing like this")).total == 0
    for odd in ("%", "'", '"', "NEAR(", "* OR 1", "\x00", "\U0001f600", "a" * 5000):
        assert listings.search(Wanted(text=odd, place=odd, topic=odd, status=odd)).total in range(8)


def test_the_office_works_through_a_message(trial: Cast, server: Server) -> None:
    token = write_to()
    client = signed_in(trial.investigator)
    assert "over 72 hours" in text_of(client.get("/en/office/contacts/"))
    page = client.get(f"/en/office/contacts/{token}/")
    assert "Anna Canary" in text_of(page)
    sent = {"key": "k1", "act": "call", "result": "no-answer"}
    assert client.post(f"/en/office/contacts/{token}/", sent).status_code == 302
    bad = client.post(f"/en/office/contacts/{token}/", {"key": "k2", "act": "answer", "text": ""})
    assert bad.status_code == 400
    over = {"key": "k3", "act": "hand-over", "on": "2026-03-02"}
    answer = client.post(f"/en/office/contacts/{token}/", over)
    assert answer.headers["Location"].startswith("/en/site/participants/S01-")
    assert client.post(f"/en/office/contacts/{token}/", {**over, "on": "x"}).status_code == 400
    assert client.get("/en/office/contacts/no-such/").status_code == 404
    people = everybody(trial)
    assert signed_in(people["sponsor"]).get(f"/en/office/contacts/{token}/").status_code == 403
    assert signed_in(trial.elsewhere).get(f"/en/office/contacts/{token}/").status_code == 403
    assert "Anna" not in text_of(signed_in(trial.elsewhere).get("/en/office/contacts/"))


def test_the_office_posts_sites_sources_and_sees_the_way_in(trial: Cast, server: Server) -> None:
    client = signed_in(trial.administrator)
    posted: list[dict[str, Any]] = [
        {"key": "p1", "act": "post"},
        {"key": "p2", "act": "site", "site": "s01", "status": "paused", "contact_name": "Bo"},
        {"key": "p3", "act": "source", "code": "clinic-a", "label": "Clinic A"},
    ]
    for one in posted:
        assert client.post("/en/office/public/", one).status_code == 302
    assert SitePosting.objects.get(pk="s01").status == "paused"
    for wrong in ({"act": "site", "site": "s01", "status": "x"}, {"act": "x"}, {"act": "source"}):
        assert client.post("/en/office/public/", {"key": "p9", **wrong}).status_code == 400
    Client().get("/en/?via=clinic-a")
    Client().get("/en/?via=unknown")
    Client(headers={"user-agent": "Examplebot/1.0"}).get("/en/")
    write_to(source="clinic-a")
    page = text_of(client.get("/en/office/public/"))
    assert re.search(r"Clinic A link and code : Clinic A 1 0 1 0 0", page)
    assert re.search(r"without a source 1 0 0 0 0", page)


def test_a_question_is_answered_without_a_name(trial: Cast, server: Server) -> None:
    anna = volunteer(server)
    token = noting.annotate(
        anna, study=trial.study, language="en", paragraph="about.1", text="Why?", at=NOW
    )
    noting.share(anna, token, at=NOW + timedelta(minutes=1))
    client = signed_in(trial.investigator)
    page = text_of(client.get("/en/office/questions/"))
    assert "Why?" in page
    assert "canary" not in page
    assert client.post("/en/office/questions/", {"token": token, "text": " "}).status_code == 400
    client.post("/en/office/questions/", {"token": token, "text": "So that we know."})
    assert "So that we know." in text_of(client.get("/en/office/questions/"))


def test_the_reading_pages_are_small(trial: Cast) -> None:
    import gzip

    list_records(sorted(SAMPLES.glob("NCT*.json")), at=NOW)
    for path in ("", "studies/", "studies/NCT02210780/", "fits/", "volunteer/"):
        page = gzip.compress(Client().get(f"/en/{path}").content)
        styles = [
            gzip.compress(Path(one).read_bytes())
            for one in Path("src/equipoise_server/web").glob("*/static/**/*.css")
            if one.parts[-2] in ("shared", "vendor", "public")
        ]
        assert len(page) + sum(map(len, styles)) < 150_000, path


def test_chinese_pages_of_the_public_side_hold_no_english_sentence(
    trial: Cast, server: Server
) -> None:
    token = write_to(name="安娜", text="", fit="unknown")
    client = _volunteer_client(server)
    client.post("/zh-hans/volunteer/note/", {"at": "about.1", "text": "问", "wish": "ask"})
    client.post("/zh-hans/volunteer/save/", {"study": "hp-three"})
    post_study(by=trial.administrator, at=NOW, key=key())
    boss, site = signed_in(trial.administrator), signed_in(trial.investigator)
    public = ("", "studies/", "fits/", "contact/?site=s01", "refer/", "volunteer/")
    entrance = ("volunteer/sign-in/", "volunteer/mailed/", "volunteer/stop/x/", "studies/?q=zz")
    own = ("volunteer/space/", "volunteer/note/?at=about.1", "volunteer/erase/", "")
    pages = [(Client(), one) for one in (*public, *entrance)] + [(client, one) for one in own]
    pages += [(site, "office/contacts/"), (site, f"office/contacts/{token}/")]
    pages += [(site, "office/questions/"), (boss, "office/public/")]
    said = {}
    for browser, path in pages:
        reader = Texts()
        reader.feed(browser.get(f"/zh-hans/{path}").content.decode())
        found = [one for one in reader.texts if re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", one)]
        said[path] = [one for one in found if one != "Ada Min"]
    assert {path: found for path, found in said.items() if found} == {}
