"""What a person may see: predicates and querysets follow the permission table; the rest is denied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipoise_server.services.access import visible
from equipoise_server.store.models import User
from equipoise_server.web.shared.access import READERS
from server.cast import ADULT, NOW, Cast
from server.pages import everybody, signed_in

pytestmark = pytest.mark.once  # the same on both engines

DAY = timedelta(days=1)


def test_a_predicate_allows_what_the_table_allows_and_denies_the_rest(trial: Cast) -> None:
    chen, guo = trial.investigator, trial.data_manager
    assert chen.has_perm("step:randomise", "s01")
    assert chen.has_perm("step:randomise")
    for site in ("s02", "s99", 7, chen):
        assert not chen.has_perm("step:randomise", site), site
    assert not guo.has_perm("step:randomise", "s01")
    assert not chen.has_perm("step:no such step", "s01")
    assert not chen.has_perm("store.add_user")
    chen.is_active = False
    assert not chen.has_perm("step:randomise", "s01")


def test_rows_are_cut_down_to_the_sites_of_the_reader(trial: Cast) -> None:
    here = trial.enrol("S01-AAAAA-AAAAA")
    there = trial.enrol("S02-BBBBB-BBBBB", site="s02")
    trial.fill_in(here, "screening", ADULT)
    seen = {
        name: {one.pk for one in visible.participants(person, NOW)}
        for name, person in vars(trial).items()
        if isinstance(person, User)
    }
    assert seen["investigator"] == seen["nurse"] == seen["assessor"] == {here}
    assert seen["elsewhere"] == {there}
    assert seen["data_manager"] == seen["statistician"] == {here, there}
    assert seen["pharmacist"] == seen["administrator"] == set()
    assert visible.records(trial.investigator, NOW).count() == 1
    assert visible.records(trial.elsewhere, NOW).count() == 0
    assert visible.participants(trial.investigator, NOW - 60 * DAY).count() == 0


def test_pages_about_people_open_for_their_readers_in_both_languages(trial: Cast) -> None:
    pages = {"members": "staff", "roles": "role history", "delegations/s01": "delegation log",
             "trainings": "trainings", "me": "signed in"}  # fmt: skip
    for role, person in everybody(trial).items():
        client = signed_in(person)
        for language in ("en", "zh-hans"):
            for page, kind in pages.items():
                got = client.get(f"/{language}/people/{page}/").status_code
                assert got == (200 if role in READERS[kind] else 403), (role, page)
