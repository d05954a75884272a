"""How the rest of the server reaches the allocator. Nothing else may know how.

Every function here is one message: plain values in, plain values out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from equipoise.protocol.model import Study
from equipoise_server.allocator import (
    allocation,
    ceremony,
    journal,
    kits,
    lists,
    preparation,
    unblinding,
)
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import Ceremony


def generate(study: Study, *, label: str, at: datetime, seed: bytes | None = None) -> str:
    """Run the sealing ceremony; returns the commitment."""
    return ceremony.generate(study, label=label, at=at, seed=seed)


def commitment() -> str | None:
    """The published commitment, or None before the ceremony."""
    made = Ceremony.objects.using(DATABASE).first()
    return made.commitment if made else None


def label() -> str | None:
    """`demo` or `live`: which kind of list this instance carries, for ever."""
    made = Ceremony.objects.using(DATABASE).first()
    return made.label if made else None


def allocate(
    *,
    participant: str,
    site: str,
    stratum: Mapping[str, str],
    key: str,
    at: datetime,
    covariates: Mapping[str, str] | None = None,
) -> str:
    """The kit code of the participant's allocation; the same again when asked again."""
    return allocation.allocate(
        participant=participant,
        site=site,
        stratum=lists.stratum_name(stratum),
        covariates=dict(covariates or stratum),
        key=key,
        at=at,
    )


def deliver(*, site: str, shares: int, at: datetime) -> tuple[str, ...]:
    """Send a balanced consignment; returns the kit codes."""
    return kits.deliver(site=site, shares=shares, at=at)


def lowest_stock(*, site: str) -> int:
    """For the depot's resupply clock alone."""
    return kits.lowest_stock(site)


def register_unblinded(*, username: str, role: str, by: str, at: datetime) -> None:
    """Enter a person who may be told into the vault's register."""
    unblinding.register(username=username, role=role, by=by, at=at)


def record_unblinded(
    *,
    participant: str,
    form: str,
    number: int,
    document: Mapping[str, Any],
    by: str,
    at: datetime,
    key: str,
    reason: str = "",
) -> int:
    """Save one record of an unblinded form; returns its version."""
    return preparation.record(
        participant=participant,
        form=form,
        number=number,
        document=document,
        by=by,
        at=at,
        key=key,
        reason=reason,
    )


def contents(*, kit: str, by: str, at: datetime) -> str:
    """The arm whose product a kit holds, for registered preparers."""
    return unblinding.contents(kit=kit, by=by, at=at)


def reveal(*, participant: str, by: str, reason: str, at: datetime) -> str:
    """Emergency unblinding of one participant."""
    return unblinding.reveal(participant=participant, by=by, reason=reason, at=at)


def masks(*, by: str, at: datetime) -> dict[str, str]:
    """Participant to masked arm for the safety board."""
    return unblinding.masks(by=by, at=at)


def release(*, first: tuple[str, str], second: tuple[str, str], at: datetime) -> dict[str, str]:
    """Open the list after lock: participant to arm."""
    return unblinding.release(first=first, second=second, at=at)


def released() -> dict[str, str]:
    """Participant to allocated arm, once released."""
    return unblinding.released()


def received() -> dict[str, str]:
    """Participant to the arm of the product in their kit, once released."""
    return unblinding.received()


def matches() -> bool | None:
    """Whether everything follows from the published commitment; None before release."""
    return allocation.matches()


def first_broken() -> int | None:
    """The first entry of the vault's ledger that does not verify, or None."""
    return journal.first_broken()
