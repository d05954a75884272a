"""Nobody works with a password alone; a factor counts once; a session ends when it should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessFailureLog, AccessLog
from cryptography.fernet import Fernet
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from equipoise.errors import AlreadyRecorded, FactorRefused, NotPermitted, SealBroken
from equipoise_server.services.access import fresh_factor, second_factor
from equipoise_server.services.access.appoint import appoint
from equipoise_server.store import accounts, factors
from equipoise_server.store.models import FactorGrant, User
from equipoise_server.web.people import me
from equipoise_server.web.shared import pending, proof, session
from equipoise_server.web.shared.page import look
from server.cast import Cast, key
from server.pages import signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def mei(trial: Cast) -> User:
    """A monitor with a password and no second factor."""
    return appoint(
        username="mei", full_name="Mei", role="monitor", site=None, password=PASSWORD,
        by=trial.administrator, at=timezone.now(), key=key(),
    )  # fmt: skip


def _first(client: Client, password: str = PASSWORD, **more: str) -> HttpResponse:
    return client.post("/en/sign-in/", {"username": "mei", "password": password, **more})


def _code(later: int = 0) -> str:
    return second_factor.code_at(SECRET, timezone.now(), later=later)


def _second(client: Client, code: str) -> HttpResponse:
    return client.post("/en/sign-in/second/", {"code": code})


def _once(trial: Cast) -> None:
    """Make the trial a live one in the eyes of the sign-in: codes count once."""
    (trial.instance.folder / "logins.json").unlink(missing_ok=True)


def test_a_password_alone_opens_the_enrolment_and_nothing_else(mei: User) -> None:
    client = Client()
    assert _first(client)["Location"] == "/en/sign-in/enrol/"
    assert client.get("/en/office/").status_code == 302
    assert client.get("/en/people/me/").status_code == 302
    assert client.get("/en/sign-in/second/").status_code == 200
    page = client.get("/en/sign-in/enrol/")
    assert page.status_code == 200
    assert "data:image/svg" in page.content.decode()


def test_enrolling_an_app_signs_in_and_shows_recovery_codes_once(mei: User) -> None:
    client = Client()
    _first(client, next="/en/office/flow/")
    secret = _shown_secret(client)
    assert client.post("/en/sign-in/enrol/", {"code": "000000"}).status_code == 403
    assert client.get("/en/office/").status_code == 302
    answer = client.post(
        "/en/sign-in/enrol/", {"code": second_factor.code_at(secret, timezone.now())}
    )
    said = answer.content.decode()
    assert answer.status_code == 200
    assert said.count("<li>") >= 10
    assert 'href="/en/office/flow/"' in said
    assert client.get("/en/office/").status_code == 200
    assert client.get("/en/sign-in/enrol/")["Location"] == "/en/people/me/"


def _shown_secret(client: Client) -> str:
    said = client.get("/en/sign-in/enrol/").content.decode()
    return said.split("data-secret>")[1].split("<")[0].replace(" ", "")


def test_whoever_has_a_factor_cannot_enrol_another_with_the_password(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = Client()
    assert _first(client)["Location"] == "/en/sign-in/second/"
    assert client.get("/en/sign-in/enrol/").status_code == 302
    assert client.post("/en/sign-in/enrol/", {"code": "123456"}).status_code == 302
    assert client.post("/en/sign-in/passkey/options/", {"make": "1"}).status_code == 404
    assert client.get("/en/office/").status_code == 302


def test_a_code_signs_in_where_the_person_wanted_to_go(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = Client()
    _first(client, next="/en/office/flow/")
    before = client.session.session_key
    assert _second(client, "12345").status_code == 403
    assert _second(client, _code())["Location"] == "/en/office/flow/"
    assert client.session.session_key != before
    assert client.get("/en/office/").status_code == 200


def test_a_code_counts_once_and_never_an_earlier_one(mei: User) -> None:
    at = timezone.now()
    second_factor.enrol_app(mei, SECRET, at=at)
    shown = second_factor.code_at(SECRET, at)
    assert second_factor.check(mei, f" {shown[:3]} {shown[3:]} ", at=at) == "totp"
    assert second_factor.check(mei, shown, at=at) == ""
    assert second_factor.check(mei, second_factor.code_at(SECRET, at, later=-1), at=at) == ""
    ahead = second_factor.code_at(SECRET, at, later=1)
    assert second_factor.check(mei, ahead, at=at) == "totp"
    far = second_factor.code_at(SECRET, at, later=4)
    for wrong in (far, "", "٠١٢٣٤٥", "1" * 500, "12 34", shown + "0", "x"):
        assert second_factor.check(mei, wrong, at=at) == "", wrong


def test_a_demonstration_lets_its_shown_codes_count_again(mei: User) -> None:
    at = timezone.now()
    second_factor.enrol_app(mei, SECRET, at=at)
    shown = second_factor.code_at(SECRET, at)
    assert [second_factor.check(mei, shown, at=at, once=False) for _ in range(2)] == ["totp"] * 2


def test_each_recovery_code_works_once_and_new_ones_void_the_old(mei: User) -> None:
    at = timezone.now()
    codes = second_factor.enrol_app(mei, SECRET, at=at)
    assert len(set(codes)) == 10
    assert second_factor.check(mei, codes[3], at=at) == "recovery_codes"
    assert second_factor.check(mei, codes[3], at=at) == ""
    fresh = second_factor.renew_codes(mei, at=at)
    assert second_factor.check(mei, codes[4], at=at) == ""
    assert second_factor.check(mei, fresh[4], at=at) == "recovery_codes"
    with pytest.raises(AlreadyRecorded):
        second_factor.enrol_app(mei, SECRET, at=at)


def test_secrets_lie_encrypted_and_survive_a_new_key(mei: User, trial: Cast) -> None:
    at = timezone.now()
    codes = second_factor.enrol_app(mei, SECRET, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        stored = str(cursor.fetchall())
    assert SECRET not in stored
    file = trial.instance.folder / factors.KEY
    assert file.stat().st_mode & 0o077 == 0
    old = file.read_bytes()
    assert factors.rotate() == 2
    assert len(file.read_bytes().split()) == 1
    assert file.read_bytes() != old
    assert second_factor.check(mei, second_factor.code_at(SECRET, at), at=at) == "totp"
    assert second_factor.check(mei, codes[0], at=at) == "recovery_codes"
    file.write_bytes(Fernet.generate_key() + b"\n")
    with pytest.raises(SealBroken):
        second_factor.check(mei, "123456", at=at)


def test_wrong_codes_lock_out_as_wrong_passwords_do(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = Client()
    _first(client)
    answers = [_second(client, f"00000{n}").status_code for n in range(5)]
    assert answers[:4] == [403] * 4
    assert answers[4] == 429
    assert _second(client, _code()).status_code == 429
    assert _first(Client()).status_code == 429
    assert client.get("/en/office/").status_code == 302


def test_the_pause_grows_with_failures_and_ends_with_a_success(mei: User) -> None:
    request = RequestFactory().post("/", {"username": "mei"})
    assert accounts.pause(request) == timedelta(minutes=15)
    for failures, minutes in ((5, 15), (10, 30), (15, 60), (20, 120), (5_0, 24 * 60)):
        AccessFailureLog.objects.all().delete()
        AccessFailureLog.objects.bulk_create(
            AccessFailureLog(username="mei", ip_address="::1", user_agent="", path_info="/")
            for _ in range(failures)
        )
        assert accounts.pause(request) == min(timedelta(minutes=minutes), accounts.LONGEST_PAUSE)
    AccessLog.objects.create(username="mei", ip_address="::1", user_agent="", path_info="/")
    assert accounts.pause(request) == timedelta(minutes=15)


def test_a_password_that_waits_too_long_for_its_factor_is_forgotten(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = Client()
    _first(client)
    kept: Any = client.session
    kept["pending"] = {**kept["pending"], "at": kept["pending"]["at"] - pending.SECONDS - 1}
    kept.save()
    assert _second(client, _code())["Location"] == "/en/sign-in/?ended=1"
    mei.is_active = False
    mei.save()
    assert _first(Client()).status_code == 403


def test_nonsense_for_a_passkey_is_refused_in_words(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    anonymous = Client()
    assert anonymous.post("/en/sign-in/passkey/options/").status_code == 200
    handle = {"response": {"userHandle": "MQ"}}
    for nonsense in ("", "{", "[]", "{}", "null", '{"response": 1}', str(handle), "x" * 30_000,
                     '{"id":"a","rawId":"YQ","type":"public-key","response":{"userHandle":"MQ","clientDataJSON":"e30","authenticatorData":"","signature":""}}'):  # fmt: skip
        answer = anonymous.post("/en/sign-in/passkey/", {"credential": nonsense})
        assert answer["Location"] == "/en/sign-in/?passkey=0", nonsense
    client = Client()
    _first(client)
    assert client.post("/en/sign-in/second/", {"credential": "{}"}).status_code == 403
    enrolling = Client()
    Authenticator.objects.all().delete()
    _first(enrolling)
    assert enrolling.post("/en/sign-in/passkey/options/", {"make": "1"}).status_code == 200
    assert enrolling.post("/en/sign-in/enrol/", {"credential": "{}"}).status_code == 403


def test_a_new_password_ends_every_other_session(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    mine, other = signed_in(mei), signed_in(mei)
    form = {"password": PASSWORD, "new": "another long phrase", "again": "another long phrase"}
    short = {**form, "new": "short", "again": "short", "code": _code()}
    assert mine.post("/en/people/me/password/", short).status_code == 409
    differs = {**form, "again": "another long phrasf", "code": _code()}
    assert mine.post("/en/people/me/password/", differs).status_code == 409
    assert mine.post("/en/people/me/password/", {**form, "code": "000000"}).status_code == 403
    assert other.get("/en/office/").status_code == 200
    done = mine.post("/en/people/me/password/", {**form, "code": _code()})
    assert done["Location"] == "/en/people/me/?done=password"
    assert mine.get("/en/office/").status_code == 200
    assert other.get("/en/office/").status_code == 302
    mei.refresh_from_db()
    assert mei.check_password("another long phrase")


def test_a_role_given_or_taken_ends_the_session(mei: User, trial: Cast) -> None:
    client = signed_in(mei)
    assert client.get("/en/office/").status_code == 200
    appoint(
        username="mei", full_name="", role="sponsor", site=None, by=trial.administrator,
        at=timezone.now(), key=key(),
    )  # fmt: skip
    assert client.get("/en/office/")["Location"].endswith("&ended=1")
    assert "_auth_user_id" not in client.session


def test_a_session_without_a_factor_is_no_session(mei: User) -> None:
    client = Client()
    client.force_login(mei)
    assert client.get("/en/office/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_factors_are_added_and_removed_with_a_fresh_proof_alone(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = signed_in(mei)
    app = Authenticator.objects.get(user=mei, type="totp")
    url, right = "/en/people/me/factors/", {"password": PASSWORD}
    for act in ("add", "codes", str(app.pk)):
        assert client.post(url, {"act": act}).status_code == 403
        wrong = {"act": act, "password": "no", "code": _code()}
        assert client.post(url, wrong).status_code == 403
    assert client.get("/en/sign-in/enrol/")["Location"] == "/en/people/me/"
    alone = client.post(url, {"act": str(app.pk), **right, "code": _code()})
    assert "only second factor" in text_of(alone)
    added = client.post(url, {"act": "add", **right, "code": _code()})
    assert added["Location"] == "/en/sign-in/enrol/"
    assert client.get("/en/sign-in/enrol/").status_code == 200
    codes = client.post(url, {"act": "codes", **right, "code": _code()})
    assert "recovery codes" in text_of(codes)
    assert not FactorGrant.objects.exists()
    nothing = client.post(url, {"act": "x", **right, "code": _code()})
    assert "refused.unknown" in nothing.content.decode()


def test_the_page_of_confirmation_keeps_a_proof_for_its_purpose(mei: User) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    client = signed_in(mei)
    ask = {"purpose": "sign 3f", "next": "/en/office/"}
    assert client.get("/en/people/confirm/", ask).status_code == 200
    assert client.get("/en/people/confirm/").status_code == 409
    away = {**ask, "next": "https://elsewhere.example/", "password": PASSWORD, "code": _code()}
    assert client.post("/en/people/confirm/", away)["Location"] == "/en/day/"
    assert list(client.session["proofs"]) == ["sign 3f"]
    request = RequestFactory().post("/en/")
    request.session, request.user = client.session, mei
    with pytest.raises(NotPermitted):
        proof.prove(look(request), "sign 40", at=timezone.now())
    given = proof.prove(look(request), "sign 3f", at=timezone.now())
    assert FactorGrant.objects.count() == 1
    assert given
    with pytest.raises(NotPermitted):
        proof.prove(look(request), "sign 3f", at=timezone.now())


def test_an_administrator_resets_lost_factors(mei: User, trial: Cast) -> None:
    second_factor.enrol_app(mei, SECRET, at=timezone.now())
    boss = signed_in(trial.administrator)
    done = boss.post("/en/people/members/reset/", {"username": "mei"})
    assert done["Location"].endswith("?done=reset")
    assert _first(Client())["Location"] == "/en/sign-in/enrol/"
    assert (
        signed_in(mei).post("/en/people/members/reset/", {"username": "admin"}).status_code == 403
    )


def test_a_grant_for_changing_factors_does_not_sign(mei: User) -> None:
    given = fresh_factor.grant(by=mei, purpose=me.PURPOSE, at=timezone.now())
    from django.db import transaction

    with pytest.raises(FactorRefused), transaction.atomic():
        fresh_factor.consume(by=mei, proof=given, purpose="sign 3f", at=timezone.now())


def test_how_long_a_session_lasts_is_told_without_making_it_longer(mei: User) -> None:
    client = signed_in(mei)
    kept = dict(client.session)
    assert set(client.get("/en/sign-in/left/").json()) == {"seconds", "whole"}
    assert dict(client.session) == kept
    asked = RequestFactory().get("/")
    asked.user, asked.session = mei, client.session
    began, seen = kept["began"], kept["seen"]
    assert session.left(asked, seen) == (session.IDLE_SECONDS, False)
    assert session.left(asked, seen + 850) == (50, False)
    assert session.left(asked, seen + 901) == (0, False)
    asked.session["seen"] = began + session.WHOLE_SECONDS - 40
    assert session.left(asked, began + session.WHOLE_SECONDS - 30) == (30, True)
    assert Client().get("/en/sign-in/left/").json() == {"seconds": 0, "whole": False}
