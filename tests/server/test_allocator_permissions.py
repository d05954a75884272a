"""Which roles the allocator tells anything: over every set of roles that a person could hold."""

from __future__ import annotations

import itertools

import pytest

from equipoise.errors import NotPermitted, OtherSide
from equipoise.protocol.roles import ROLES, UNBLINDED
from equipoise_server.allocator import proof_acts, register
from equipoise_server.services.access.appoint import appoint, dismiss
from equipoise_server.store.models import LedgerEntry, Membership
from server.cast import NOW, Cast, key

EMERGENCY = {"reveal"}
"""One participant, after a fresh proof, with a reason, within limits: the investigator's."""
OPEN_TO_ALL = {name for name, act in proof_acts.ACTS.items() if not act.roles}
TWO_SIDES = [role for role in ROLES if role not in UNBLINDED]


def reached(roles: tuple[str, ...]) -> frozenset[str]:
    """The acts that the allocator would carry out for whoever holds these roles."""
    held = tuple((role, None) for role in roles)
    return frozenset(
        name
        for name, act in proof_acts.ACTS.items()
        if act.roles and register.holds(held, act.roles)
    )


def test_no_set_of_roles_without_an_unblinded_one_reaches_an_allocator_permission():
    alone = {role: reached((role,)) for role in ROLES}
    sets = 0
    for size in range(len(ROLES) + 1):
        for roles in itertools.combinations(ROLES, size):
            sets += 1
            found = reached(roles)
            assert found == frozenset().union(*(alone[role] for role in roles)), roles
            if not set(roles) & set(UNBLINDED):
                assert found <= EMERGENCY, roles
    assert sets == 2 ** len(ROLES)
    assert set().union(*alone.values()) > EMERGENCY


def test_what_is_open_to_everybody_tells_nothing():
    assert {"enrol", "enrol passkey", "enter", "leave"} == OPEN_TO_ALL


def give(trial: Cast, role: str, username: str = "xu", **more):
    return appoint(
        username=username,
        full_name="Xu",
        role=role,
        site=more.pop("site", None),
        by=trial.administrator,
        at=NOW,
        key=key(),
        **more,
    )


def end(trial: Cast, role: str, username: str = "xu") -> None:
    dismiss(username=username, role=role, site=None, by=trial.administrator, at=NOW, key=key())


@pytest.mark.parametrize("unblinded", UNBLINDED)
def test_whoever_was_unblinded_never_gets_a_blinded_role(trial: Cast, unblinded: str) -> None:
    give(trial, unblinded)
    end(trial, unblinded)
    entries = LedgerEntry.objects.count()
    for role in TWO_SIDES:
        with pytest.raises(OtherSide):
            give(trial, role)
    with pytest.raises(OtherSide):
        give(trial, "coordinator", site="s01")
    assert LedgerEntry.objects.count() == entries
    assert Membership.objects.filter(user__username="xu").count() == 1
    give(trial, next(other for other in UNBLINDED if other != unblinded))


def test_nobody_crosses_over_while_still_blinded(trial: Cast) -> None:
    give(trial, "coordinator", site="s01")
    give(trial, "monitor")
    with pytest.raises(OtherSide):
        give(trial, "pharmacist")
    end(trial, "monitor")
    with pytest.raises(OtherSide):
        give(trial, "pharmacist")
    dismiss(
        username="xu", role="coordinator", site="s01", by=trial.administrator, at=NOW, key=key()
    )
    give(trial, "pharmacist")
    with pytest.raises(OtherSide):
        give(trial, "monitor")


@pytest.mark.parametrize("second", ["XU", "Xu", "x u", "x.u", "ｘｕ", "xú", "x_u"])
def test_a_second_name_for_the_same_person_is_refused(trial: Cast, second: str) -> None:
    give(trial, "pharmacist")
    end(trial, "pharmacist")
    with pytest.raises(NotPermitted):
        give(trial, "coordinator", username=second)
    assert not Membership.objects.filter(user__username=second).exists()


def test_an_administrator_who_was_unblinded_cannot_appoint_himself_back(trial: Cast) -> None:
    with pytest.raises(OtherSide):
        give(trial, "pharmacist", username="admin")
    give(trial, "pharmacist")
    with pytest.raises(OtherSide):
        give(trial, "administrator")
