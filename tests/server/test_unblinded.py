"""The unblinded pages: who sees what, the arm once, refusals in words, and what is kept of it."""

from __future__ import annotations

import pytest
from django.db import connections

from equipoise_server.allocator import client, register
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.dispense import dispense
from equipoise_server.services.trial.note_unblindings import note_unblindings
from equipoise_server.store.models import LedgerEntry
from equipoise_server.store.queries.unblindings import unblindings
from equipoise_server.vault.models import Allocation, VaultLedgerEntry
from server import ports
from server.access_table import UNBLINDED_ROWS
from server.allocator_process import Allocator
from server.cast import NOW, Cast, key
from server.pages import Texts, everybody, signed_in, text_of
from server.unblinded_process import Unblinded, Visitor

PIN = "a good long PIN"
TITLES = ("Vonapride 40 mg", "Vonapride 20 mg", "Placebo")
PEOPLE = {
    "chen": ("investigator", ["s01"]),
    "fu": ("pharmacist", None),
    "hu": ("unblinded monitor", None),
    "li": ("safety-board statistician", None),
    "wang": ("safety reporter", None),
}
PAGES = {
    row.path.strip("/"): row.roles
    for row in UNBLINDED_ROWS.values()
    if not row.open_to_everybody and "{" not in row.path
}


def enter(name: str) -> None:
    role, sites = PEOPLE[name]
    register.enter(username=name, role=role, by="keeper", at=NOW, sites=sites)
    register.set_pin_of_demonstration(person=name, pin=PIN, at=NOW)


@pytest.fixture
def treated(trial: Cast) -> str:
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    dispense(participant=code, by=trial.investigator, at=NOW, key=key())
    trial.enrol("S01-BBBBB-BBBBB")
    for name in PEOPLE:
        enter(name)
    return code


@pytest.fixture
def side(trial: Cast, treated: str, tmp_path):
    allocator = Allocator(trial.instance, tmp_path / "a")
    connections.close_all()
    unblinded = Unblinded(trial.instance, allocator, ports.free())
    unblinded.allocator = allocator
    yield unblinded
    unblinded.stop()
    allocator.process.kill()
    allocator.process.wait()


def reveal(visitor: Visitor, participant: str, *, pin: str = PIN, name: str = "chen") -> str:
    visitor.get("reveal/")
    given = {"person": name, "participant": participant, "reason": "anaphylaxis", "event": "1"}
    visitor.post("reveal/", **given)
    if visitor.code:
        return visitor.code
    visitor.given = {**given, "nonce": visitor.field("nonce"), "pin": pin}
    return visitor.post("reveal/", **visitor.given)


def titles_in(text: str) -> set[str]:
    return {title for title in TITLES if title in text}


def test_an_arm_is_shown_once_and_kept_nowhere(trial: Cast, treated: str, side: Unblinded):
    visitor = Visitor(side)
    (title,) = titles_in(reveal(visitor, treated))
    assert visitor.headers["Cache-Control"].startswith("no-store")
    assert "ETag" not in visitor.headers
    visitor.get("reveal/")
    assert not titles_in(visitor.post("reveal/", **visitor.given)), "a reload sends the same"
    assert visitor.code == "refused.assertion-used"
    refusals_name_no_arm(visitor, treated)
    assert {cookie.name for cookie in visitor.cookies} == {"equipoise_unblinded_csrf"}
    journal = str(list(VaultLedgerEntry.objects.values_list()))
    assert title not in journal + side.log.read_text()
    stored = str(list(LedgerEntry.objects.values_list("payload__data", flat=True)))
    assert treated in stored
    assert title not in stored
    assert VaultLedgerEntry.objects.filter(what="revealed").count() == 1
    needs_no_store(trial, visitor, treated)
    side.allocator.kill()
    reveal(visitor, treated)
    assert visitor.code == "external.allocator"
    assert visitor.status == 503


def refusals_name_no_arm(visitor: Visitor, treated: str) -> None:
    for participant, pin, name, code in (
        ("S01-BBBBB-BBBBB", PIN, "chen", "refused.not-randomised"),
        ("S01-ZZZZZ-ZZZZZ", PIN, "chen", "refused.unknown"),
        (treated, "not my PIN", "chen", "refused.assertion"),
        (treated, PIN, "fu", "refused.not-permitted"),
    ):
        reveal(visitor, participant, pin=pin, name=name)
        assert visitor.code == code
        assert not titles_in(visitor.text)


def needs_no_store(trial: Cast, visitor: Visitor, treated: str) -> None:
    """With the store's file away the allocator still answers, by the name of the arm."""
    if connections["default"].vendor != "sqlite":
        return
    connections.close_all()
    store = trial.instance.folder / "store.sqlite3"
    store.rename(store.with_name("away"))
    said = reveal(visitor, treated)
    store.with_name("away").replace(store)
    assert visitor.code == ""
    assert any(f">{arm}<" in said for arm in ("high", "low", "placebo"))


def test_each_role_opens_its_own_pages_in_both_languages(
    trial: Cast, treated: str, side: Unblinded
):
    nobody = Visitor(side)
    for page in PAGES:
        assert "PIN" in nobody.get(f"{page}/")
    for name, (role, _) in PEOPLE.items():
        for language in ("en", "zh-hans"):
            visitor = Visitor(side, language)
            visitor.sign_in(name, PIN)
            assert visitor.code == "", visitor.text[-600:]
            for page, allowed in PAGES.items():
                visitor.get(f"{page}/")
                assert visitor.status == (200 if role in allowed else 403), (name, page)
                assert "no-store" in visitor.headers["Cache-Control"]
                if language == "zh-hans":
                    assert untranslated(visitor.text) == []
    pharmacist = Visitor(side)
    pharmacist.sign_in("fu", PIN)
    pharmacist.get("worklist/")
    assert treated in pharmacist.text
    assert Allocation.objects.get().kit in pharmacist.text
    words = pharmacist.text.lower().replace("placebo", "")
    assert "place" not in words.replace("replacement", "")
    assert "slot" not in words
    pharmacist.post("sign-out/")
    assert "PIN" in pharmacist.get("worklist/")


def untranslated(page: str) -> list[str]:
    """Texts with two English words and no Chinese one."""
    reader = Texts()
    reader.feed(page)
    return [
        text
        for text in reader.texts
        if len([word for word in text.split() if word.isascii() and word.isalpha()]) > 2
        and not any("\u4e00" <= letter <= "\u9fff" for letter in text)
        and not any(title in text for title in (*TITLES, "vonapride", "substance"))
    ]


def test_that_it_happened_is_noted_once_and_told_to_those_who_have_to_know(
    trial: Cast, treated: str
):
    arm = client.reveal(participant=treated, by="chen", reason="a very private reason", at=NOW)
    assert [one.participant for one in note_unblindings(at=NOW)] == [treated]
    assert note_unblindings(at=NOW) == ()
    (entry,) = LedgerEntry.objects.filter(what="unblinding-noted").select_related("payload")
    assert entry.by == "chen"
    told = entry.payload.data
    assert "private" not in told
    assert arm not in told
    assert [one.site for one in unblindings({"s01"})] == ["s01"]
    assert unblindings({"s02"}) == ()
    people = everybody(trial)
    for role, page in (("investigator", "site/"), ("sponsor", "office/")):
        said = text_of(signed_in(people[role]).get(f"/en/{page}"))
        assert "Emergency unblindings" in said, role
        assert treated in said
        assert "private" not in said
    for role, page in (("dosing nurse", "site/"), ("monitor", "office/"), ("assessor", "site/")):
        assert "Emergency unblindings" not in text_of(signed_in(people[role]).get(f"/en/{page}"))
    elsewhere = signed_in(trial.elsewhere).get("/en/site/")
    assert "Emergency unblindings" not in text_of(elsewhere)
    client.reveal(participant=treated, by="chen", reason="again", at=NOW)
    assert [one.number for one in note_unblindings(at=NOW)] == [2]
