"""How the rest of the server reaches the allocator. Nothing else may know how.

Every function but `generate` is one message: plain values in, plain values out. Where the
settings name the allocator's socket it is asked there, and this process never opens the
vault; otherwise the allocator runs embedded, in this process, for a demonstration or a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
        "happened",
        "interim_events",
        "label",
        "list_low",
        "lowest_stock",
        "matches",
        "not_valid",
        "replace",
        "sent",
        "transfer",
        "unguarded",
        "withdraw_kits",
    }
)
"""The messages of the blinded door: reading, or answered from what was committed before."""


GIVES_A_KIT = frozenset({"allocate", "replace", "transfer"})
"""What a demonstration asks at the blinded door too, as the product does."""
_rehearsal: list[Path] = []


@contextmanager
def rehearsing_at(path: Path) -> Iterator[None]:
    """Ask at the rehearsal door too, as a demonstration does while it is conducted."""
    _rehearsal.append(path)
    try:
        yield
    finally:
        _rehearsal.clear()


def ask(verb: str, **given: Any) -> Any:
    """One message of any verb, for the modules that name them."""
    return _ask(verb, **given)


def _ask(verb: str, /, **given: Any) -> Any:
    if _rehearsal and verb not in GIVES_A_KIT:
        return caller.ask(_rehearsal[0], verb, given, again=False)
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
    unpublished: bool = False,
) -> str:
    """Run the sealing ceremony; returns the commitment. It is no message.

    `unpublished`: nobody was told of a list yet, so that one made before may be meant.

    Raises:
        NotPermitted: the vault is not in the hands of this process.

    """
    if settings.EQUIPOISE_ALLOCATOR_SOCKET or settings.EQUIPOISE_UNBLINDED_SOCKET:
        raise NotPermitted("make the list from here", "the command line where the vault is kept")
    from equipoise_server.allocator import ceremony

    return ceremony.generate(
        study, label=label, at=at, seed=seed, escrow=escrow, unpublished=unpublished
    )


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
    digest: str = "",
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
            digest=digest,
        )
    )


def holds(*, participant: str) -> bool:
    """Whether the participant was given a place, under whatever request."""
    return bool(_ask("holds", participant=participant))


def deliver(*, site: str, shares: int, at: datetime) -> tuple[str, ...]:
    """Send a balanced consignment; returns the kit codes."""
    return tuple(_ask("deliver", site=site, shares=shares, at=at))


def list_low() -> bool:
    """Whether some list of the study is nearly used up; one answer for all strata."""
    return bool(_ask("list_low"))


def lowest_stock(*, site: str) -> int:
    """How many more participants the site can serve, whatever their arms."""
    return int(_ask("lowest_stock", site=site))


def register_unblinded(*, username: str, role: str, by: str, at: datetime, **where: Any) -> None:
    """Enter a person who may be told into the vault's register. Where the vault is kept."""
    _ask("register_unblinded", username=username, role=role, by=by, at=at, **where)


def happened(*, after: int) -> list[list[str]]:
    """That participants were unblinded: participant, person, instant; those after `after`."""
    return list(_ask("happened", after=after))


def challenge(
    *, person: str, verb: str, about: Mapping[str, Any], release: str = ""
) -> dict[str, str]:
    """A nonce for one request at the unblinded door, and the salts of the person's secrets."""
    return dict(_ask("challenge", person=person, verb=verb, about=dict(about), release=release))


def act(*, person: str, verb: str, about: Mapping[str, Any], **proofs: Any) -> Any:
    """One request at the unblinded door, with its proofs. See `proof_acts.act`."""
    return _ask("act", person=person, verb=verb, about=dict(about), **proofs)


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
