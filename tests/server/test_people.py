"""Who may act: invited, appointed, delegated, trained - and on which side of the blinding."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from equipoise.errors import (
    FactorRefused,
    FactorRequired,
    InvitationInvalid,
    NotDelegated,
    NotPermitted,
    NotTrained,
    OtherSide,
    SidesMixed,
    UnknownRecord,
)
from equipoise_server.services.access import fresh_factor, permissions, second_factor, train
from equipoise_server.services.access.accept_invitation import accept_invitation
from equipoise_server.services.access.appoint import appoint, dismiss
from equipoise_server.services.access.delegate import (
    delegate,
    demand_delegations,
    end_delegation,
    purpose,
)
from equipoise_server.services.access.invite import LASTS, Invited, invite, withdraw_invitation
from equipoise_server.services.participants.screen import screen
from equipoise_server.store.models import Delegation, Invitation, LedgerEntry, Membership, User
from equipoise_server.store.queries import people as queries
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.pages import signed_in, text_of

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DAY = timedelta(days=1)
MEI = Invited(username="mei", full_name="Mei", role="coordinator", site="s01")


def _appoint(trial: Cast, name: str, role: str, **more: Any) -> User:
    given = {"site": None, "at": NOW, "key": key(), "by": trial.administrator, **more}
    return appoint(username=name, full_name=name.title(), role=role, **given)


def _may(step: str, by: User, site: str | None = "s01", at: datetime = NOW) -> None:
    with connection.cursor() as cursor:
        permissions.require(cursor, step, by=by, at=at, site=site)


# Invitations


def test_an_invitation_is_accepted_once_with_ones_own_password(trial: Cast) -> None:
    link = invite(MEI, by=trial.administrator, at=NOW, key=key())
    assert not User.objects.filter(username="mei").exists()
    with pytest.raises(ValidationError):
        accept_invitation(link=link, password="short", at=NOW + DAY)
    mei = accept_invitation(link=link, password=PASSWORD, at=NOW + DAY)
    assert mei.check_password(PASSWORD)
    assert permissions.roles(mei, NOW + DAY) == (("coordinator", "s01"),)
    assert permissions.roles(mei, NOW) == ()
    with pytest.raises(InvitationInvalid):
        accept_invitation(link=link, password=PASSWORD, at=NOW + DAY)


def test_an_invitation_ends_with_time_withdrawal_or_a_change(trial: Cast) -> None:
    boss = trial.administrator
    old = invite(MEI, by=boss, at=NOW, key=key())
    for bad in (old[:-1], old + "x", "", "~", "x" * 5000, old.split("~")[0]):
        with pytest.raises(InvitationInvalid):
            accept_invitation(link=bad, password=PASSWORD, at=NOW)
    with pytest.raises(InvitationInvalid):
        accept_invitation(link=old, password=PASSWORD, at=NOW + LASTS)
    withdraw_invitation(Invitation.objects.get().pk, by=boss, at=NOW)
    with pytest.raises(InvitationInvalid):
        accept_invitation(link=old, password=PASSWORD, at=NOW + DAY)
    with pytest.raises(UnknownRecord):
        withdraw_invitation(Invitation.objects.get().pk, by=boss, at=NOW)
    taken = invite(MEI, by=boss, at=NOW, key=key())
    _appoint(trial, "mei", "monitor")
    with pytest.raises(InvitationInvalid):
        accept_invitation(link=taken, password=PASSWORD, at=NOW + DAY)


def test_whoever_invited_must_still_be_allowed_to(trial: Cast) -> None:
    other = _appoint(trial, "lin", "administrator")
    link = invite(MEI, by=other, at=NOW, key=key())
    dismiss(username="lin", role="administrator", site=None, by=trial.administrator,
            at=NOW + DAY, key=key())  # fmt: skip
    with pytest.raises(NotPermitted):
        accept_invitation(link=link, password=PASSWORD, at=NOW + 2 * DAY)
    assert Invitation.objects.get().used_at is None
    for by in (trial.investigator, other):
        with pytest.raises(NotPermitted):
            invite(MEI, by=by, at=NOW + 2 * DAY, key=key())


def test_an_invitation_sent_twice_is_made_once_and_told_once(trial: Cast) -> None:
    again = key()
    first = invite(MEI, by=trial.administrator, at=NOW, key=again)
    assert first
    assert invite(MEI, by=trial.administrator, at=NOW, key=again) == ""
    assert Invitation.objects.count() == 1
    assert first.split("~")[0] not in str(list(Invitation.objects.values_list()))


def test_an_invited_person_walks_from_the_link_to_the_first_page(trial: Cast) -> None:
    boss = signed_in(trial.administrator)
    form = {"full_name": "Mei <b>", "username": "mei", "role": "monitor", "site": "", "key": "k"}
    page = boss.post("/en/people/members/invite/", form).content.decode()
    link = page.split("data-link-text>")[1].split("<")[0].replace("http://testserver", "")
    assert "Mei &lt;b&gt;" in page
    client = Client()
    assert client.get(link).status_code == 200
    assert client.post(link, {"new": "short", "again": "short"}).status_code == 409
    assert client.post(link, {"new": PASSWORD, "again": PASSWORD + "x"}).status_code == 409
    accepted = client.post(link, {"new": PASSWORD, "again": PASSWORD})
    assert accepted["Location"] == "/en/sign-in/enrol/"
    secret = client.get("/en/sign-in/enrol/").content.decode()
    secret = secret.split("data-secret>")[1].split("<")[0].replace(" ", "")
    code = second_factor.code_at(secret, timezone.now())
    assert client.post("/en/sign-in/enrol/", {"code": code}).status_code == 200
    assert client.get("/en/office/").status_code == 200
    gone = Client().get(link)
    assert gone.status_code == 409
    assert "refused.invitation-invalid" in gone.content.decode()


def test_bad_invitations_are_refused_on_the_page(trial: Cast) -> None:
    boss = signed_in(trial.administrator)
    right = {"full_name": "Mei", "username": "mei", "role": "monitor", "site": ""}
    for wrong in ({"username": ""}, {"username": "a b/c"}, {"role": "king"}, {"site": "s99"},
                  {"until": "2001-02-30"}, {"until": "1999-01-01"}, {"until": "2020-01-01"},
                  {"full_name": "x" * 300}, {"username": "admin"}, {"address": "no address"}):  # fmt: skip
        answer = boss.post("/en/people/members/invite/", {**right, **wrong})
        assert answer.status_code in (403, 409), wrong
        assert "data-link" not in answer.content.decode(), wrong


# Memberships and their history


def test_the_role_report_equals_the_ledger_whatever_happened(trial: Cast) -> None:
    boss = trial.administrator
    _appoint(trial, "mei", "monitor", until=NOW + 30 * DAY)
    _appoint(trial, "lin", "coordinator", site="s01")
    for n, name in enumerate(("lin", "mei")):
        role, site = (("coordinator", "s01"), ("monitor", None))[n]
        dismiss(username=name, role=role, site=site, by=boss, at=NOW + (n + 1) * DAY, key=key())
    _appoint(trial, "lin", "coordinator", site="s01", at=NOW + 3 * DAY)
    accept_invitation(
        link=invite(Invited(username="yu", full_name="Yu", role="sponsor"), by=boss, at=NOW, key=key()),
        password=PASSWORD, at=NOW + DAY,
    )  # fmt: skip
    assert queries.role_history() == queries.told_by_the_ledger()
    lin = [one for one in queries.role_history() if one.username == "lin"]
    assert [(one.since, one.until) for one in lin] == [(NOW, NOW + DAY), (NOW + 3 * DAY, None)]
    Membership.objects.filter(user__username="lin", until__isnull=True).update(role="monitor")
    assert queries.role_history() != queries.told_by_the_ledger()
    page = signed_in(boss).get("/en/people/roles/")
    assert "roles.differ" in page.content.decode()


def test_the_report_of_a_day_names_who_held_a_role_then(trial: Cast) -> None:
    _appoint(trial, "=cmd()", "sponsor", until=NOW + DAY)
    client = signed_in(trial.administrator)
    rows = list(csv.reader(StringIO(client.get("/en/people/roles.csv").content.decode())))
    assert ["'=cmd()", "'=Cmd()", "sponsor", "all sites"] in [row[:4] for row in rows]
    for day, there in (("2026-03-01", False), ("2026-03-02", True), ("2026-03-04", False), ("junk", True)):  # fmt: skip
        said = client.get("/en/people/roles.csv", {"on": day}).content.decode()
        assert ("=cmd()" in said) is there, day
    assert "Equals the ledger" in text_of(client.get("/en/people/roles/"))


def test_a_role_ends_by_itself_on_its_last_day(trial: Cast) -> None:
    mei = _appoint(trial, "mei", "coordinator", site="s01", until=NOW + DAY)
    _may("screen", mei, at=NOW + DAY - timedelta(seconds=1))
    with pytest.raises(NotPermitted):
        _may("screen", mei, at=NOW + DAY)
    with pytest.raises(NotPermitted):
        _appoint(trial, "lin", "coordinator", site="s01", until=NOW)


def test_nobody_takes_the_administrator_role_from_themselves(trial: Cast) -> None:
    client = signed_in(trial.administrator)
    form = {"username": "admin", "role": "administrator", "site": ""}
    assert client.post("/en/people/members/end/", form).status_code == 403
    assert client.get("/en/people/members/").status_code == 200
    guo = {"username": "guo", "role": "data manager", "site": ""}
    assert client.post("/en/people/members/end/", guo)["Location"].endswith("?done=ended")
    again = client.post("/en/people/members/appoint/", guo)
    assert again["Location"].endswith("?done=appointed")


# The two sides


def test_whoever_was_unblinded_acts_in_no_blinded_role_even_if_a_row_says_so(trial: Cast) -> None:
    nobody = _appoint(trial, "lin", "pharmacist", until=NOW + DAY)
    with pytest.raises(OtherSide):
        _appoint(trial, "lin", "investigator", site="s01", at=NOW + 2 * DAY)
    Membership.objects.create(user=nobody, role="investigator", site_id="s01", since=NOW)
    with pytest.raises(SidesMixed):
        _may("screen", nobody, at=NOW + 2 * DAY)
    assert permissions.roles(nobody, NOW + 2 * DAY) == ()
    assert not permissions.may("screen", by=nobody, at=NOW + 2 * DAY, site="s01")
    assert permissions.roles(nobody, NOW) == (("pharmacist", None),)
    client = signed_in(nobody)
    for url in ("/en/site/", "/en/site/participants/", "/en/office/", "/en/people/"):
        assert client.get(url).status_code == 403, url


def test_a_role_with_an_end_ahead_still_keeps_the_sides_apart(trial: Cast) -> None:
    _appoint(trial, "lin", "monitor", until=NOW + 30 * DAY)
    with pytest.raises(OtherSide):
        _appoint(trial, "lin", "unblinded monitor", at=NOW + DAY)
    _appoint(trial, "lin", "unblinded monitor", at=NOW + 31 * DAY)


# Delegations


def _delegate(trial: Cast, tasks: tuple[str, ...] = ("screening",), **more: Any) -> None:
    at = more.get("at", NOW)
    by = more.pop("by", trial.investigator)
    site = more.get("site", "s01")
    proof = fresh_factor.grant(by=by, purpose=purpose(site), at=at)
    given = {
        "username": "lin", "site": site, "tasks": tasks, "since": at, "until": None,
        "proof": proof, "at": at, "key": key(), **more,
    }  # fmt: skip
    delegate(by=by, **given)


@pytest.fixture
def lin(trial: Cast) -> User:
    """A coordinator at s01, where delegations are demanded; a nurse at s02, where not."""
    user = _appoint(trial, "lin", "coordinator", site="s01")
    _appoint(trial, "lin", "coordinator", site="s02")
    demand_delegations(site="s01", by=trial.administrator, at=NOW)
    return user


def test_a_step_needs_its_task_delegated_at_its_site(trial: Cast, lin: User) -> None:
    with pytest.raises(NotDelegated, match="task screening today"):
        screen(site="s01", code="S01-AAAAA-AAAAA", on=TODAY, by=lin, at=NOW, key=key())
    _may("screen", lin, "s02")
    _delegate(trial, since=NOW + DAY, until=NOW + 2 * DAY)
    for hours, allowed in ((0, False), (24, True), (47, True), (48, False)):
        try:
            _may("screen", lin, at=NOW + timedelta(hours=hours))
        except NotDelegated:
            assert not allowed, hours
        else:
            assert allowed, hours
    with pytest.raises(NotDelegated):
        _may("randomise", lin, at=NOW + DAY)
    _may("read records", lin)
    _may("screen", trial.investigator)


def test_only_an_investigator_of_the_site_delegates_and_only_by_signing(
    trial: Cast, lin: User
) -> None:
    for by in (trial.elsewhere, trial.administrator, lin):
        with pytest.raises(NotPermitted):
            _delegate(trial, by=by)
    with pytest.raises(FactorRequired):
        _delegate(trial, proof="")
    other = fresh_factor.grant(by=trial.investigator, purpose=purpose("s02"), at=NOW)
    with pytest.raises(FactorRefused):
        _delegate(trial, proof=other)
    for wrong in ({"tasks": ("rule",)}, {"tasks": ()}, {"since": NOW - DAY}, {"username": "an@"},
                  {"until": NOW}, {"username": "chen"}, {"username": "guo"}):  # fmt: skip
        with pytest.raises(NotPermitted):
            _delegate(trial, **wrong)
    assert not Delegation.objects.exists()
    _delegate(trial)
    entry = LedgerEntry.objects.select_related("payload").get(what="delegated")
    assert entry.by == "chen"
    assert '"meaning":"I delegate these tasks' in entry.payload.data
    assert '"name":"Chen"' in entry.payload.data


def test_a_delegation_ends_signed_and_at_once(trial: Cast, lin: User) -> None:
    _delegate(trial)
    line = Delegation.objects.get()
    proof = fresh_factor.grant(by=trial.investigator, purpose=purpose("s01"), at=NOW)
    with pytest.raises(FactorRefused):
        end_delegation(line.pk, by=trial.investigator, proof="x", at=NOW + DAY)
    end_delegation(line.pk, by=trial.investigator, proof=proof, at=NOW)
    with pytest.raises(NotDelegated):
        _may("screen", lin)
    with pytest.raises(UnknownRecord):
        end_delegation(line.pk, by=trial.investigator, proof=proof, at=NOW)


def test_the_log_is_signed_on_its_page(trial: Cast, lin: User) -> None:
    trial.investigator.set_password(PASSWORD)
    trial.investigator.save()
    second_factor.enrol_app(trial.investigator, SECRET, at=timezone.now())
    client = signed_in(trial.investigator)
    url = "/en/people/delegations/s01/"
    form = {"username": "lin", "task": ["screening", "consent"], "since": "", "until": ""}
    proof = {"password": PASSWORD, "code": second_factor.code_at(SECRET, timezone.now())}
    assert client.get(url).status_code == 200
    assert client.post(url, form).status_code == 403
    assert client.post(url, {**form, **proof, "code": "000000"}).status_code == 403
    assert client.post(url, {**form, **proof})["Location"] == f"{url}?done=signed"
    assert "Lin" in text_of(client.get(url))
    number = Delegation.objects.filter(task="consent").get().pk
    ending = {"line": str(number), "password": PASSWORD}
    ending["code"] = second_factor.code_at(SECRET, timezone.now())
    assert client.post(f"{url}end/", ending)["Location"] == f"{url}?done=ended"
    assert client.get("/en/people/delegations/s02/").status_code == 403
    assert client.get("/en/people/delegations/s99/").status_code == 404
    reader = signed_in(lin)
    assert "Sign" not in reader.get(url).content.decode().split("<main")[1].split("Signed by")[0]
    assert reader.post(url, {**form, **proof}).status_code == 403


# Trainings


def test_a_step_needs_the_trainings_of_the_role(trial: Cast) -> None:
    boss, chen = trial.administrator, trial.investigator
    wanted = train.Wanted(code="gcp", title={"en": "GCP"}, roles=("investigator",), valid_days=365)
    train.demand(wanted, by=boss, at=NOW)
    _may("screen", chen, at=NOW - DAY)
    with pytest.raises(NotTrained, match="your training gcp is missing"):
        screen(site="s01", code="S01-AAAAA-AAAAA", on=TODAY, by=chen, at=NOW, key=key())
    with pytest.raises(NotTrained):
        _may("randomise", chen)
    _may("administer", trial.nurse)
    for wrong in ({"username": "no"}, {"training": "no"}, {"since": NOW + DAY}, {"by": chen}):
        given: dict[str, Any] = {"username": "chen", "training": "gcp", "since": NOW, "by": boss}
        with pytest.raises((NotPermitted, UnknownRecord)):
            train.record_training(**{**given, **wrong}, at=NOW, key=key())
    train.record_training(
        username="chen", training="gcp", since=NOW - DAY, by=boss, at=NOW, key=key()
    )
    _may("screen", chen, at=NOW)
    _may("screen", chen, at=NOW + 363 * DAY)
    with pytest.raises(NotTrained):
        _may("screen", chen, at=NOW + 364 * DAY)
    with pytest.raises(NotPermitted):
        train.demand(train.Wanted(code="x", title={}, roles=("king",)), by=boss, at=NOW)


def test_trainings_are_recorded_and_demanded_on_their_page(trial: Cast) -> None:
    client, url = signed_in(trial.administrator), "/en/people/trainings/"
    form = {"code": "pv", "title": "Safety", "role": ["investigator", "coordinator"], "days": "30"}
    for wrong in ({"code": "a b"}, {"title": ""}, {"days": "x"}, {"days": "-1"}, {"role": []}):
        assert client.post(f"{url}demand/", {**form, **wrong}).status_code in (403, 409), wrong
    assert client.post(f"{url}demand/", form)["Location"] == f"{url}?done=demanded"
    taken = {"username": "chen", "training": "pv", "on": "2026-03-01"}
    assert client.post(f"{url}record/", taken)["Location"] == f"{url}?done=recorded"
    assert client.post(f"{url}record/", {**taken, "on": "2099-01-01"}).status_code == 403
    assert "run out" in text_of(client.get(url))
    chen = signed_in(trial.investigator)
    assert "Chen" in text_of(chen.get(url))
    assert "Chen" not in text_of(signed_in(trial.elsewhere).get(url)).split("Who has taken")[1]
    assert chen.post(f"{url}record/", taken).status_code == 403


def test_a_live_trial_demands_both_from_its_first_day(instance: Any) -> None:
    live = open_the_trial(instance, demo=False)
    _may("screen", live.investigator)
    _may("administer", live.nurse)
    newcomer = _appoint(live, "lin", "coordinator", site="s01")
    with pytest.raises(NotDelegated):
        _may("screen", newcomer)
    _delegate(live)
    with pytest.raises(NotTrained):
        _may("screen", newcomer)


def test_each_step_answers_with_one_statement(trial: Cast) -> None:
    from django.test.utils import CaptureQueriesContext

    _may("screen", trial.investigator)  # PostgreSQL prepares it once per connection
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        before = len(asked)
        _may("screen", trial.investigator)
        assert len(asked) - before == 1
