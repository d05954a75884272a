"""Trainings and tasks of the study folder decide who may act."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest
from django.db import connection

from equipoise.errors import NotDelegated, NotPermitted, NotTrained, ProtocolError
from equipoise.protocol.load import load
from equipoise.protocol.people_plan import Step
from equipoise.protocol.roles import ROLES, SITE_STAFF, Role
from equipoise_server.services.access import fresh_factor, permissions, train
from equipoise_server.services.access.delegate import delegate, demand_delegations, purpose
from equipoise_server.store.models import User
from equipoise_server.store.study import forget_studies
from server.cast import NOW, Cast, key, open_the_trial
from server.pages import signed_in, text_of

DAY = timedelta(days=1)
PLAN = """
trainings:
  - {id: breath-test, title: {en: The breath test, zh-Hans: 呼气试验}, roles: [dosing nurse], valid_days: 9}
tasks:
  - {id: handing-out, title: {en: Hand out tablets, zh-Hans: 发放药片}, steps: [dispense]}
  - {id: giving, title: {en: Watch tablets taken, zh-Hans: 看服到口}, steps: [administer, record]}
"""


def require(step: str, by: User, at: object = NOW) -> None:
    with connection.cursor() as cursor:
        permissions.require(cursor, step, by=by, at=at, site="s01")  # type: ignore[arg-type]


@pytest.fixture
def planned(instance: SimpleNamespace) -> Cast:
    (instance.folder / "study" / "people.yaml").write_text(PLAN, "utf-8")
    forget_studies()
    return open_the_trial(instance)


def test_a_step_needs_the_task_and_the_training_that_the_folder_names(planned: Cast) -> None:
    demand_delegations(site=None, by=planned.administrator, at=NOW)
    assert train.demand_planned(by=planned.administrator, at=NOW) == 1
    assert train.demand_planned(by=planned.administrator, at=NOW) == 0

    def give(*tasks: str) -> None:
        delegate(
            username="bo", site="s01", tasks=tasks, since=NOW, until=None,
            by=planned.investigator, at=NOW, key=key(),
            proof=fresh_factor.grant(by=planned.investigator, purpose=purpose("s01"), at=NOW),
        )  # fmt: skip

    with pytest.raises(NotPermitted, match="handing-out, giving"):
        give("product")
    give("giving")
    with pytest.raises(NotDelegated):
        require("dispense", planned.nurse)
    with pytest.raises(NotTrained, match="breath-test"):
        require("administer", planned.nurse)
    train.record_training(
        username="bo", training="breath-test", since=NOW, by=planned.administrator, at=NOW,
        key=key(),
    )  # fmt: skip
    require("administer", planned.nurse)
    require("report an event", planned.nurse)  # no task of this folder names it
    with pytest.raises(NotTrained):
        require("administer", planned.nurse, NOW + 10 * DAY)
    log = signed_in(planned.investigator).get("/en/people/delegations/s01/")
    assert "Watch tablets taken" in text_of(log)
    assert "Randomise" not in text_of(log).partition("Delegation")[2]


@pytest.mark.once
def test_the_office_demands_what_the_folder_asks_for_with_one_button(planned: Cast) -> None:
    client = signed_in(planned.administrator)
    page = "/en/people/trainings/"
    assert "nobody demands yet: The breath test" in text_of(client.get(page))
    assert client.post(f"{page}demand/", {"planned": "1"}).status_code == 302
    shown = text_of(client.get(page))
    assert "nobody demands yet" not in shown
    assert "The breath test" in shown


def test_roles_and_steps_of_the_folder_are_those_of_the_permissions() -> None:
    assert set(get_args(Role)) == set(ROLES)
    for step in get_args(Step):
        assert set(permissions.ALLOWED[step]) & {*SITE_STAFF}, step
    assert {step for steps in permissions.TASKS.values() for step in steps} <= set(get_args(Step))


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("tasks: [{id: a, title: {en: A, zh-Hans: 甲}, steps: [unblind]}]", "unblind"),
        ("tasks: [{id: a, title: {en: A, zh-Hans: 甲}, steps: []}]", "opens no step"),
        (PLAN + "  - {id: c, title: {en: C, zh-Hans: 丙}, steps: [record]}", "stands there twice"),
        ("trainings: [{id: a, title: {en: A, zh-Hans: 甲}, roles: [queen]}]", "queen"),
        ("trainings: [{id: a, title: {en: A, zh-Hans: 甲}, roles: []}]", "needs roles"),
    ],
)
def test_a_plan_of_nonsense_is_refused_with_its_place(
    instance: SimpleNamespace, plan: str, words: str
) -> None:
    path: Path = instance.folder / "study" / "people.yaml"
    path.write_text(plan, "utf-8")
    with pytest.raises(ProtocolError, match=r"people\.yaml") as refusal:
        load(instance.folder / "study")
    assert words in str(refusal.value)
