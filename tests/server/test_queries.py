"""Queries as conversations: who may, in which order, and what rules do by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from equipoise.errors import (
    EquipoiseError,
    Locked,
    MayUnblind,
    NotPermitted,
    OutOfOrder,
    ReasonRequired,
    UnknownRecord,
)
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.check_data import check_data
from equipoise_server.services.cleaning.close_query import close_query
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.reopen_query import reopen_query
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Finding, LedgerEntry, User
from equipoise_server.store.queries import cleaning as reading
from server.cast import ADULT, NOW, Cast, key, lock_unfinished

CODE = "S01-AAAAA-AAAAA"
UNUSUAL = {**ADULT, "egfr": 200.0}


@pytest.fixture
def monitor(trial: Cast) -> User:
    return appoint(
        username="mo",
        full_name="Mo",
        role="monitor",
        site=None,
        by=trial.administrator,
        at=NOW,
        key=key(),
    )


def ask(trial: Cast, by: User, item: str = "age", text: str = "Please check", **more: Any) -> int:
    return open_query(
        participant=CODE,
        form="screening",
        visit="screen",
        item=item,
        text=text,
        by=by,
        at=NOW,
        key=key(),
        **more,
    )


def test_a_query_is_asked_answered_closed_and_reopened(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    query = ask(trial, monitor)
    with pytest.raises(NotPermitted):
        close_query(query=query, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(NotPermitted):
        answer_query(query=query, text="Right", by=trial.elsewhere, at=NOW, key=key())
    answer_query(query=query, text="It is right", by=trial.investigator, at=NOW, key=key())
    found = reading.query(query)
    assert found is not None
    assert (found.standing, found.message["en"]) == ("answered", "Please check")
    close_query(query=query, by=monitor, at=NOW, key=key())
    with pytest.raises(OutOfOrder):
        answer_query(query=query, text="More", by=trial.investigator, at=NOW, key=key())
    reopen_query(query=query, text="Not yet", by=trial.data_manager, at=NOW, key=key())
    said = [(turn.what, turn.by, turn.text) for turn in reading.thread(query)]
    assert said == [
        ("query-opened", "mo", "Please check"),
        ("query-answered", "chen", "It is right"),
        ("query-closed", "mo", ""),
        ("query-reopened", "guo", "Not yet"),
    ]
    assert verify().sound


def test_one_persons_query_is_open_per_item_and_a_retry_asks_once(
    trial: Cast, monitor: User
) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    given: dict[str, Any] = {
        "participant": CODE,
        "form": "screening",
        "visit": "screen",
        "item": "age",
        "text": "Check",
        "by": monitor,
        "at": NOW,
        "key": key(),
    }
    assert open_query(**given) == open_query(**given)
    with pytest.raises(OutOfOrder):
        ask(trial, trial.data_manager)
    assert ask(trial, monitor, item="sex")


def test_a_query_needs_a_record_an_item_and_words(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    with pytest.raises(UnknownRecord):
        ask(trial, monitor)
    trial.fill_in(CODE, "screening", ADULT)
    for item, text, error in (
        ("nothing", "Check", UnknownRecord),
        ("age", "   ", ReasonRequired),
        ("age", "x" * 1001, ReasonRequired),
        ("age", "Is this the placebo?", MayUnblind),
        ("age", "是否服用安慰剂", MayUnblind),
    ):
        with pytest.raises(error):
            ask(trial, monitor, item=item, text=text)
    assert not Finding.objects.exists()
    assert not LedgerEntry.objects.filter(what="query-opened").exists()
    assert ask(trial, monitor, text="Is this the placebo?", confirmed=True)


def test_the_refusal_of_a_text_does_not_repeat_it(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    with pytest.raises(MayUnblind) as caught:
        ask(trial, monitor, text="vonapride given")
    assert "vonapride" not in str(caught.value)


def test_a_rules_query_closes_itself_when_the_data_agree(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", UNUSUAL)
    (one,) = Finding.objects.all()
    assert (one.origin, one.item, one.state) == ("check", "egfr", "open")
    trial.fill_in(CODE, "screening", ADULT, reason="Misread")
    one.refresh_from_db()
    assert (one.state, one.closed_version, one.closed_at) == ("closed", 2, NOW)
    with pytest.raises(OutOfOrder):
        reopen_query(query=one.pk, text="Why", by=trial.data_manager, at=NOW, key=key())
    followed = LedgerEntry.objects.filter(what="queries-followed")
    assert followed.count() == 2
    assert verify().sound


def test_a_rules_query_closed_by_a_person_stays_closed_while_the_rule_says_the_same(
    trial: Cast,
) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", UNUSUAL)
    one = Finding.objects.get()
    with pytest.raises(ReasonRequired):
        close_query(query=one.pk, by=trial.data_manager, at=NOW, key=key())
    close_query(query=one.pk, text="Confirmed", by=trial.data_manager, at=NOW, key=key())
    trial.fill_in(CODE, "screening", {**UNUSUAL, "age": 45}, reason="Misread")
    assert Finding.objects.filter(state="open").count() == 0
    trial.fill_in(CODE, "screening", {**UNUSUAL, "egfr": 210.0}, reason="Misread")
    assert Finding.objects.filter(state="open").count() == 1, "another value is another question"


def test_rules_over_several_forms_open_and_close_on_either_save(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "symptoms", {"pain": 3}, visit="screen")
    trial.fill_in(CODE, "symptoms", {"pain": 9, "pain_note": "bad"}, visit="week2")
    opened = Finding.objects.filter(state="open").order_by("code")
    assert [one.code for one in opened] == ["pain-doubled", "pain-without-event"]
    assert {(one.origin, one.item) for one in opened} == {("cross", "pain")}
    trial.fill_in(CODE, "event", {"term": "Belly pain"}, visit="log", number=1)
    assert [one.code for one in opened.all()] == ["pain-doubled"]
    trial.fill_in(CODE, "symptoms", {"pain": 8, "pain_note": "worse"}, visit="screen", reason="x")
    assert not opened.all().exists()
    assert Finding.objects.get(code="pain-doubled").closed_at == NOW
    assert verify().sound


def test_the_night_finds_what_no_save_showed_and_does_it_once(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "symptoms", {"pain": 3}, visit="screen")
    trial.fill_in(CODE, "symptoms", {"pain": 9, "pain_note": "b"}, visit="week2")
    Finding.objects.all().delete()
    assert check_data(at=NOW) == 1
    found = set(Finding.objects.values_list("code", flat=True))
    assert found == {"pain-doubled", "pain-without-event"}
    entries = LedgerEntry.objects.count()
    check_data(at=NOW + timedelta(days=1))
    assert (Finding.objects.count(), LedgerEntry.objects.count()) == (2, entries)
    assert verify().sound


def test_nothing_is_asked_in_a_locked_study(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    query = ask(trial, monitor)
    close_query(query=query, by=monitor, at=NOW, key=key())
    agreed = [
        Agreed(by=one, reason="All done and checked.")
        for one in (trial.data_manager, trial.statistician)
    ]
    lock_unfinished(first=agreed[0], second=agreed[1], at=NOW, key=key())
    for step in (
        lambda: ask(trial, monitor, item="sex"),
        lambda: reopen_query(query=query, text="Why", by=monitor, at=NOW, key=key()),
    ):
        with pytest.raises(Locked):
            step()
    assert check_data(at=NOW) == 0


def test_the_past_shows_a_query_as_it_stood(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    query = ask(trial, monitor)
    day = timedelta(days=1)
    answer_query(query=query, text="Yes", by=trial.investigator, at=NOW + day, key=key())
    close_query(query=query, by=monitor, at=NOW + 2 * day, key=key())
    cuts = [NOW - day, NOW, NOW + day, NOW + 2 * day]
    found = [reading.query(query, cut=cut) for cut in cuts]
    assert [one and one.standing for one in found] == [None, "open", "answered", "closed"]


class Conversation(RuleBasedStateMachine):
    """One query in any order of steps, beside a model of three states."""

    trial: Cast
    monitor: User

    def __init__(self) -> None:
        super().__init__()
        Finding.objects.filter(state="open").update(state="closed")
        self.query = ask(self.trial, self.monitor)
        self.state, self.turns = "open", 1

    def _try(self, allowed: bool, step: Any, **given: Any) -> None:
        by = given.pop("by", self.trial.data_manager)
        try:
            step(query=self.query, by=by, at=NOW, key=key(), **given)
        except EquipoiseError:
            assert not allowed
        else:
            assert allowed
            self.turns += 1

    @rule(text=st.sampled_from(["Yes", "是的", "  "]))
    def answer(self, text: str) -> None:
        allowed = self.state != "closed" and bool(text.strip())
        self._try(allowed, answer_query, text=text, by=self.trial.investigator)
        self.state = "answered" if allowed else self.state

    @rule()
    def ask_on(self) -> None:
        allowed = self.state != "closed"
        self._try(allowed, answer_query, text="And the date?")
        self.state = "open" if allowed else self.state

    @rule()
    def close(self) -> None:
        self._try(self.state != "closed", close_query)
        self.state = "closed"

    @rule()
    def reopen(self) -> None:
        allowed = self.state == "closed"
        self._try(allowed, reopen_query, text="Again")
        self.state = "open" if allowed else self.state

    @invariant()
    def stored_as_modelled(self) -> None:
        found = reading.query(self.query)
        assert found is not None
        assert found.standing == self.state
        assert len(reading.thread(self.query)) == self.turns


def test_a_query_never_leaves_its_three_states(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    Conversation.trial, Conversation.monitor = trial, monitor
    machine = Conversation.TestCase
    machine.settings = settings(
        max_examples=6,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    machine("runTest").runTest()
    assert verify().sound
