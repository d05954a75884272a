"""How records stood on a past day, told by the ledger alone; comparisons withdrawn by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipoise.errors import KeyReused, Locked, NotPermitted, ReasonRequired, UnknownRecord
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.cleaning.withdraw_verification import withdraw_verification
from equipoise_server.services.trial.lock_part import lock_part
from equipoise_server.services.trial.unlock_part import unlock_part
from equipoise_server.services.verify import verify
from equipoise_server.store.locks import Part
from equipoise_server.store.models import LedgerEntry, User, Verification
from equipoise_server.store.queries.as_of import Then, as_of
from server.cast import ADULT, NOW, Cast, key, lock_unfinished
from server.finalising import seen, sign_as
from server.pages import signed_in, text_of

CODE = "S01-AAAAA-AAAAA"
DAY = timedelta(days=1)
ITEMS = tuple(ADULT)
PLACE = {"participant": CODE, "form": "screening", "visit": "screen"}


@pytest.fixture
def monitor(trial: Cast) -> User:
    return appoint(
        username="mo", full_name="Mo", role="monitor", site=None, by=trial.administrator, at=NOW,
        key=key(),
    )  # fmt: skip


def at(days: int) -> Then | None:
    return next(iter(as_of(NOW + days * DAY)), None)


def withdraw(by: User, items: tuple[str, ...] = ("age",), **more: Any) -> int:
    given = {"reason": "The wrong chart", "at": NOW + 3 * DAY, "key": key(), **PLACE, **more}
    return withdraw_verification(items=items, by=by, **given)


def test_each_day_is_told_as_it_was(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT, at=NOW + DAY)
    verify_source(**PLACE, items=ITEMS, expected=1, by=monitor, at=NOW + 2 * DAY, key=key())
    assert withdraw(monitor) == 1
    verify_source(**PLACE, items=ITEMS, expected=1, by=monitor, at=NOW + 4 * DAY, key=key())
    sign_as(trial.investigator, CODE, "screening", seen(CODE, "screening"), at=NOW + 5 * DAY)
    part = Part(scope="record", site="s01", **PLACE)
    lock_part(part, by=trial.data_manager, at=NOW + 6 * DAY, key=key())
    unlock_part(
        part,
        first=Agreed(by=trial.data_manager, reason="wrong"),
        second=Agreed(by=trial.investigator, reason="yes"),
        at=NOW + 7 * DAY,
        key=key(),
    )
    trial.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="Misread", at=NOW + 8 * DAY)
    told = [
        (one.version, len(one.verified), [s.name for s in one.signed], one.locked)
        for one in (at(days) for days in range(1, 9))
        if one
    ]
    assert at(0) is None
    assert told == [
        (1, 0, [], ""),
        (1, 6, [], ""),
        (1, 5, [], ""),
        (1, 6, [], ""),
        (1, 6, ["Chen"], ""),
        (1, 6, ["Chen"], "record"),
        (1, 6, ["Chen"], ""),
        (2, 5, [], ""),
    ]
    now = at(8)
    assert now is not None
    assert (now.first.at, now.entered.at) == (NOW + DAY, NOW + 8 * DAY)
    assert list(as_of(NOW + 8 * DAY, sites=["s02"])) == []
    page = f"/en/site/participants/{CODE}/screening/screen/0/?stood="
    shown = text_of(signed_in(trial.data_manager).get(page + "2026-03-04"))
    assert "6 answers compared with their source" in shown
    assert "Nobody had signed it." in shown
    for wrong in ("yesterday", "2026-13-40", "9999-12-31", "0001-01-01"):
        assert signed_in(trial.data_manager).get(page + wrong).status_code == 200
    assert "nothing had been entered" in text_of(
        signed_in(trial.data_manager).get(page + "2020-01-01")
    )
    assert verify().sound


def test_a_comparison_is_withdrawn_with_a_reason_by_who_may(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    verify_source(**PLACE, items=ITEMS, expected=1, by=monitor, at=NOW, key=key())
    before = LedgerEntry.objects.count()
    for refused, attempt in (
        (ReasonRequired, lambda: withdraw(monitor, reason=" ")),
        (NotPermitted, lambda: withdraw(trial.investigator)),
        (UnknownRecord, lambda: withdraw(monitor, ("nothing",))),
        (UnknownRecord, lambda: withdraw(monitor, ())),
    ):
        with pytest.raises(refused):
            attempt()
    assert LedgerEntry.objects.count() == before
    again = key()
    assert withdraw(monitor, key=again) == 1
    assert withdraw(monitor, key=again) == 1
    with pytest.raises(KeyReused):
        withdraw(monitor, ("sex",), key=again)
    assert Verification.objects.filter(undone_at__isnull=True).count() == 5
    page = f"/en/data/verification/{CODE}/screening/screen/0/"
    client = signed_in(trial.data_manager)
    assert "Withdraw a verification" in text_of(client.get(page))
    sent = {"act": "withdraw", "item": "sex", "key": key()}
    assert client.post(page, {**sent, "reason": ""}).status_code == 409
    assert client.post(page, {**sent, "reason": "Other chart", "key": key()}).status_code == 302
    story = text_of(client.get(f"/en/site/participants/{CODE}/"))
    assert "Source verification withdrawn: Other chart" in story
    one, two = (Agreed(by=by, reason="x") for by in (trial.data_manager, trial.statistician))
    lock_unfinished(first=one, second=two, at=NOW, key=key())
    with pytest.raises(Locked):
        withdraw(monitor, ("ulcer_history",))
    assert verify().sound
