"""A proof of identity for one act: once, soon, by its owner, for its purpose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from equipoise.errors import FactorRefused, FactorRequired
from equipoise_server.services.access import fresh_factor
from equipoise_server.store.models import FactorGrant
from server.cast import NOW, Cast

PURPOSE = "sign 3f2a"
SOON = NOW + timedelta(seconds=5)


@pytest.fixture
def proof(trial: Cast) -> str:
    """Chen's proof, for signing."""
    return fresh_factor.grant(by=trial.investigator, purpose=PURPOSE, at=NOW)


def test_a_proof_serves_once(trial: Cast, proof: str) -> None:
    given = {"by": trial.investigator, "proof": proof, "purpose": PURPOSE, "at": SOON}
    with transaction.atomic():
        fresh_factor.consume(**given)
    with pytest.raises(FactorRefused), transaction.atomic():
        fresh_factor.consume(**given)
    assert not FactorGrant.objects.exists()


def test_an_act_that_fails_gives_the_proof_back(trial: Cast, proof: str) -> None:
    given = {"by": trial.investigator, "proof": proof, "purpose": PURPOSE, "at": SOON}

    def act() -> None:
        with transaction.atomic():
            fresh_factor.consume(**given)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    with transaction.atomic():
        fresh_factor.consume(**given)


def test_a_proof_serves_nobody_else_nothing_else_and_no_other_time(trial: Cast, proof: str) -> None:
    right = {"by": trial.investigator, "proof": proof, "purpose": PURPOSE, "at": SOON}
    wrong = [
        {"by": trial.elsewhere},
        {"purpose": "sign 3f2b"},
        {"proof": proof[:-1]},
        {"proof": "x" * 10_000},
        {"at": NOW + fresh_factor.LASTS},
        {"at": NOW - timedelta(seconds=1)},
    ]
    for one in wrong:
        with pytest.raises(FactorRefused), transaction.atomic():
            fresh_factor.consume(**{**right, **one})  # type: ignore[arg-type]
    with pytest.raises(FactorRequired), transaction.atomic():
        fresh_factor.consume(**{**right, "proof": ""})  # type: ignore[arg-type]
    with transaction.atomic():
        fresh_factor.consume(**right)  # type: ignore[arg-type]


def test_somebody_who_was_shut_out_in_between_proves_nothing(trial: Cast, proof: str) -> None:
    trial.investigator.is_active = False
    trial.investigator.save()
    with pytest.raises(FactorRefused), transaction.atomic():
        fresh_factor.consume(by=trial.investigator, proof=proof, purpose=PURPOSE, at=SOON)


def test_the_database_never_holds_the_proof(trial: Cast, proof: str) -> None:
    assert proof not in str(list(FactorGrant.objects.values_list()))


def test_old_grants_are_swept_and_a_consumption_outside_a_transaction_is_a_defect(
    trial: Cast, proof: str
) -> None:
    late = NOW + timedelta(hours=1)
    fresh_factor.grant(by=trial.investigator, purpose=PURPOSE, at=late)
    assert FactorGrant.objects.count() == 1
    with pytest.raises(RuntimeError):
        fresh_factor.consume(by=trial.investigator, proof=proof, purpose=PURPOSE, at=SOON)
