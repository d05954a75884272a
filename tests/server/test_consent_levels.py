"""Withdrawal stops exactly what it says; nothing happens to a person without consent."""

from __future__ import annotations

import inspect
from contextlib import suppress
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
import yaml
from post_office.models import Email

from equipoise.errors import (
    AlreadyWithdrawn,
    EquipoiseError,
    FormIncomplete,
    NotConsented,
    NotLocked,
    NotPermitted,
    UnknownRecord,
)
from equipoise_server import services
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.consenting.consent_defer import defer_consent
from equipoise_server.services.own_pages.deliver_results import (
    deliver_results,
    delivery,
    open_results,
    release_results,
    wishers,
)
from equipoise_server.services.own_pages.participant_mail import tell
from equipoise_server.services.own_pages.report_problem import (
    answer_problem,
    problems_of,
    remind_of_problems,
    report_problem,
)
from equipoise_server.services.own_pages.withdraw_wish import wish_to_withdraw
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import LedgerEntry, RecordVersion, Trial, WithdrawalWish
from equipoise_server.store.queries import consents
from equipoise_server.store.study import forget_studies
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.consenting import CANARY, consented, screened

BEFORE_CONSENT = {
    "consent",
    "defer_consent",
    "begin_consent",
    "fail_screening",
    "told_before_screening",
    "report_problem",
}
"""What may be done about a person before consent: asking for it, and declining."""

SAMPLES = {str: "x", int: 1, bool: False, date: TODAY}


def _services() -> dict[str, Any]:
    """Every public service function that is about one participant and writes."""
    found = {}
    for module in walk_packages(services.__path__, "equipoise_server.services."):
        loaded = import_module(module.name)
        for name, one in vars(loaded).items():
            own = inspect.isfunction(one) and one.__module__ == loaded.__name__
            if own and not name.startswith("_"):
                given = inspect.signature(one).parameters
                if {"participant", "by", "at", "key"} <= set(given):
                    found[name] = one
    return found


def _guess(trial: Cast, code: str, name: str, given: inspect.Parameter) -> Any:
    known = {
        "participant": code,
        "by": trial.investigator,
        "at": NOW,
        "key": key(),
        "on": TODAY,
        "values": {"age": 44},
        "form": "screening",
        "visit": "screen",
        "level": "visits",
        "reason": "because",
        "text": "text",
        "item": "age",
        "items": ("age",),
        "expected": 0,
        "unit": "AAAA-AAAA-01",
        "version": "1.0",
        "mode": "bedside",
        "capacity": "participant",
        "language": "en",
        "records": (),
        "persons": {"participant": CANARY},
        "written_at": NOW,
    }
    return known.get(name, SAMPLES.get(given.annotation, "x"))


def test_no_service_does_anything_to_a_person_without_consent(trial: Cast) -> None:
    code = screened(trial)
    every, done = _services(), []
    assert {"record", "randomise", "withdraw", "report_event", "discharge"} <= set(every)
    for name, service in sorted(every.items()):
        if name in BEFORE_CONSENT:
            continue
        before = (LedgerEntry.objects.filter(chain=code).count(), RecordVersion.objects.count())
        wanted = {
            one: _guess(trial, code, one, given)
            for one, given in inspect.signature(service).parameters.items()
            if given.default is inspect.Parameter.empty
        }
        with suppress(EquipoiseError, TypeError, ValueError, AttributeError):
            service(**wanted)
            done.append(name)
        after = (LedgerEntry.objects.filter(chain=code).count(), RecordVersion.objects.count())
        assert after == before, f"{name} wrote something about a person without consent"
    assert set(done) <= {"hand_in"}, "who holds no kit has nothing to hand in"
    for name in ("record", "randomise", "withdraw", "discharge", "complete", "report_event"):
        wanted = {
            one: _guess(trial, code, one, given)
            for one, given in inspect.signature(every[name]).parameters.items()
            if given.default is inspect.Parameter.empty
        }
        with pytest.raises(NotConsented):
            every[name](**wanted)


def test_each_level_stops_what_it_says_and_nothing_else(trial: Cast) -> None:
    code = consented(trial)
    by = trial.investigator

    def leave(level: str) -> None:
        withdraw(participant=code, level=level, on=TODAY, by=by, at=NOW, key=key())  # type: ignore[arg-type]

    wish_to_withdraw(code, "contact", at=NOW)
    wish_to_withdraw(code, "contact", at=NOW)
    assert WithdrawalWish.objects.count() == 1
    assert tell(code, "problem-answered", key="one")
    leave("contact")
    assert WithdrawalWish.objects.get().done_at is not None
    before = Email.objects.using("identity").count()
    assert not tell(code, "problem-answered", key="two")
    assert Email.objects.using("identity").count() == before
    with pytest.raises(AlreadyWithdrawn):
        wish_to_withdraw(code, "contact", at=NOW)
    trial.fill_in(code, "screening", {"age": 44})
    leave("data")
    with pytest.raises(AlreadyWithdrawn):
        trial.fill_in(code, "screening", {"age": 45}, reason="typo")
    assert verify().sound


def test_a_sample_is_refused_after_the_withdrawal_and_not_before_it(instance: Any) -> None:
    (instance.folder / "study" / "participants.yaml").write_text("samples: [screening_breath]\n")
    forget_studies()
    trial = open_the_trial(instance)
    code = consented(trial)
    by, late = trial.investigator, NOW + timedelta(days=2)
    withdraw(participant=code, level="samples", on=TODAY, by=by, at=NOW, key=key())
    trial.fill_in(code, "screening", {"age": 44})
    positive = {"taken_on": TODAY, "result": "positive", "excess": 12.5}
    trial.fill_in(code, "screening_breath", positive)
    with pytest.raises(AlreadyWithdrawn):
        trial.fill_in(code, "screening_breath", positive, on=late.date(), at=late, reason="later")


def test_consent_is_deferred_only_where_and_why_the_protocol_says(instance: Any) -> None:
    file = instance.folder / "study" / "protocol.yaml"
    written = yaml.safe_load(file.read_text())
    written["deferred_consent"] = {
        "within_hours": 72,
        "reasons": {"unconscious": {"en": "Unconscious", "zh-Hans": "昏迷"}},
        "text": {"en": "Ask the person as soon as possible.", "zh-Hans": "尽快征得本人同意。"},
    }
    file.write_text(yaml.safe_dump(written, allow_unicode=True))
    forget_studies()
    trial = open_the_trial(instance)
    code = screened(trial)
    given = {"participant": code, "at": NOW}
    with pytest.raises(NotConsented):
        defer_consent(reason="in a hurry", by=trial.investigator, key=key(), **given)
    with pytest.raises(NotPermitted):
        defer_consent(reason="unconscious", by=trial.nurse, key=key(), **given)
    defer_consent(reason="unconscious", by=trial.investigator, key=key(), **given)
    trial.fill_in(code, "screening", {"age": 44})
    waiting = consents.deferred(None, NOW)[0]
    assert (waiting.code, waiting.overdue) == (code, False)
    assert consents.deferred(None, NOW + timedelta(hours=73))[0].overdue
    assert not life.state_of(code).consented
    from server.consenting import begin, read_and_answer, sign_both

    token = begin(trial, code)
    read_and_answer(token)
    sign_both(trial, token)
    assert consents.deferred(None, NOW) == ()
    assert verify().sound


def test_the_reference_protocol_defers_nobodys_consent(trial: Cast) -> None:
    code = screened(trial)
    with pytest.raises(NotConsented):
        defer_consent(
            participant=code, reason="unconscious", by=trial.investigator, at=NOW, key=key()
        )


def test_the_summary_reaches_exactly_those_who_wished_it(trial: Cast) -> None:
    first = consented(trial)
    other = {**CANARY, "address": "second@example.org"}
    second = consented(trial, "S01-BBBBB-BBBBB", persons={"participant": other})
    sponsor = appoint(
        username="spo",
        full_name="S",
        role="sponsor",
        site=None,
        by=trial.administrator,
        at=NOW,
        key=key(),
    )
    texts = {"en": "It helped a little.", "zh-Hans": "略有帮助。"}
    with pytest.raises(FormIncomplete):
        release_results({"en": "Only English"}, by=sponsor, at=NOW, key=key())
    with pytest.raises(NotPermitted):
        release_results(texts, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(NotLocked):
        release_results(texts, by=sponsor, at=NOW, key=key())
    withdraw(
        participant=second, level="contact", on=TODAY, by=trial.investigator, at=NOW, key=key()
    )
    Trial.objects.update(locked_at=NOW)
    release_results(texts, by=sponsor, at=NOW, key=key())
    assert wishers() == (first, second)
    assert deliver_results(at=NOW) == 1
    assert deliver_results(at=NOW) == 0
    assert open_results(first, "zh-Hans", at=NOW) == "略有帮助。"
    with pytest.raises(UnknownRecord):
        open_results("S01-NOBOD-YYYYY", "en", at=NOW)
    found = delivery()
    assert (found.wished, found.queued, found.unreachable, found.opened) == (2, 1, 1, 1)


def test_a_problem_is_reminded_of_until_it_is_answered(trial: Cast) -> None:
    code = consented(trial)
    token = report_problem(code, text="canary cough", phone="1", urgent=True, at=NOW)
    assert remind_of_problems(at=NOW) == 0
    assert remind_of_problems(at=NOW + timedelta(hours=1)) == 1
    assert remind_of_problems(at=NOW + timedelta(hours=1, minutes=5)) == 0
    assert remind_of_problems(at=NOW + timedelta(hours=5)) == 1
    with pytest.raises(NotPermitted):
        answer_problem(token, text="Come.", by=trial.elsewhere, at=NOW, key=key())
    answer_problem(token, text="Come at once.", by=trial.investigator, at=NOW, key=key())
    assert remind_of_problems(at=NOW + timedelta(days=9)) == 0
    assert problems_of(code)[0].reply == "Come at once."
    with pytest.raises(FormIncomplete):
        report_problem(code, text=" ", phone="", urgent=False, at=NOW)


def test_no_name_address_or_word_of_a_participant_is_in_any_file(
    trial: Cast, capfd: pytest.CaptureFixture[str]
) -> None:
    from equipoise_server.services.consenting.consent_talk import (
        answer_asked,
        ask,
        asked_of,
        talk_of,
    )
    from server.consenting import REPRESENTATIVE, WITNESS, begin, read_and_answer, sign_both

    code = screened(trial)
    persons = {"participant": CANARY, "representative": REPRESENTATIVE, "witness": WITNESS}
    token = begin(trial, code, capacity="representative", persons=persons)
    read_and_answer(token)
    ask(token, "Does the canary sing?", at=NOW)
    waiting = asked_of(talk_of(token))[0].token
    answer_asked(token, waiting, "The canary sings.", by=trial.investigator, at=NOW)
    sign_both(trial, token)
    report_problem(code, text="My canary coughs.", phone="", urgent=False, at=NOW)
    from django.db import connections

    for one in connections.all():
        if one.vendor == "sqlite":
            one.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in Path(trial.instance.folder).rglob("*"):
        if path.is_file():
            text = path.read_bytes().lower()
            assert b"canar" not in text, path
            assert b"13800138000" not in text, path
    out, err = capfd.readouterr()
    assert "canar" not in (out + err).lower()
