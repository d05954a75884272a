"""How the rest of the server reaches the allocator. Nothing else may know how.

Every function but `generate` is one message: plain values in, plain values out. Where the
settings name the allocator's socket it is asked there, and this process never opens the
vault; otherwise the allocator runs embedded, in this process, for a demonstration or a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from equipoise.errors import NotPermitted
from equipoise.protocol.model import Study
from equipoise_server.allocator import caller, lists
from equipoise_server.allocator.escrow import Escrow

SAME_WHEN_ASKED_AGAIN = frozenset(
    {
        "allocate",
        "broken",
        "commitment",
        "first_broken",
        "label",
        "lowest_stock",
        "matches",
        "unguarded",
    }
)
"""The messages of the blinded door: reading, or answered from what was committed before."""


def _ask(verb: str, **given: Any) -> Any:
    blinded = Path(settings.EQUIPOISE_ALLOCATOR_SOCKET or "")
    unblinded = Path(settings.EQUIPOISE_UNBLINDED_SOCKET or "")
    if settings.EQUIPOISE_UNBLINDED_SOCKET:
        return caller.ask(unblinded, verb, given, again=verb in SAME_WHEN_ASKED_AGAIN)
    if settings.EQUIPOISE_ALLOCATOR_SOCKET:
        return caller.ask(blinded, verb, given, again=verb in SAME_WHEN_ASKED_AGAIN)
    from equipoise_server.allocator.verbs import VERBS

    return VERBS[verb](**given)


def generate(
    study: Study,
    *,
    label: str,
    at: datetime,
    seed: bytes | None = None,
    escrow: Escrow | None = None,
) -> str:
    """Run the sealing ceremony; returns the commitment. It is no message.

    Raises:
        NotPermitted: the vault is not in the hands of this process.

    """
    if settings.EQUIPOISE_ALLOCATOR_SOCKET or settings.EQUIPOISE_UNBLINDED_SOCKET:
        raise NotPermitted("make the list from here", "the command line where the vault is kept")
    from equipoise_server.allocator import ceremony

    return ceremony.generate(study, label=label, at=at, seed=seed, escrow=escrow)


def commitment() -> str | None:
    """The published commitment, or None before the ceremony."""
    found: str | None = _ask("commitment")
    return found


def label() -> str | None:
    """`demo` or `live`: which kind of list this instance carries, for ever."""
    found: str | None = _ask("label")
    return found


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
    return str(
        _ask(
            "allocate",
            participant=participant,
            site=site,
            stratum=lists.stratum_name(stratum),
            covariates=dict(covariates or stratum),
            key=key,
            at=at,
        )
    )


def deliver(*, site: str, shares: int, at: datetime) -> tuple[str, ...]:
    """Send a balanced consignment; returns the kit codes."""
    return tuple(_ask("deliver", site=site, shares=shares, at=at))


def lowest_stock(*, site: str) -> int:
    """How many more participants the site can serve, whatever their arms."""
    return int(_ask("lowest_stock", site=site))


def register_unblinded(*, username: str, role: str, by: str, at: datetime) -> None:
    """Enter a person who may be told into the vault's register."""
    _ask("register_unblinded", username=username, role=role, by=by, at=at)


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
    return int(
        _ask(
            "record_unblinded",
            participant=participant,
            form=form,
            number=number,
            document=dict(document),
            by=by,
            at=at,
            key=key,
            reason=reason,
        )
    )


def contents(*, kit: str, by: str, at: datetime) -> str:
    """The arm whose product a kit holds, for registered preparers."""
    return str(_ask("contents", kit=kit, by=by, at=at))


def reveal(*, participant: str, by: str, reason: str, at: datetime) -> str:
    """Emergency unblinding of one participant."""
    return str(_ask("reveal", participant=participant, by=by, reason=reason, at=at))


def masks(*, by: str, at: datetime) -> dict[str, str]:
    """Participant to masked arm for the safety board."""
    return dict(_ask("masks", by=by, at=at))


def release(*, first: tuple[str, str], second: tuple[str, str], at: datetime) -> dict[str, str]:
    """Open the list after lock: participant to arm."""
    return dict(_ask("release", first=first, second=second, at=at))


def released() -> dict[str, str]:
    """Participant to allocated arm, once released."""
    return dict(_ask("released"))


def received() -> dict[str, str]:
    """Participant to the arm of the product in their kit, once released."""
    return dict(_ask("received"))


def matches() -> bool | None:
    """Whether everything follows from the published commitment; None before release."""
    found: bool | None = _ask("matches")
    return found


def first_broken() -> int | None:
    """The first entry of the vault's ledger that does not verify, or None."""
    found: int | None = _ask("first_broken")
    return found


def broken() -> tuple[tuple[str, str, str], ...]:
    """Table, row and reason of everything in the vault that contradicts the rest."""
    return tuple((table, row, why) for table, row, why in _ask("broken"))


def unguarded() -> tuple[str, ...]:
    """The names of the triggers that should guard the vault and do not."""
    return tuple(_ask("unguarded"))
