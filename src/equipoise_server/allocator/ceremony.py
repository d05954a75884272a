"""The sealing ceremony: seed, list, slots, commitment."""

from __future__ import annotations

import os
from datetime import datetime

from equipoise.digest import canonical_json
from equipoise.errors import IntegrityError, LiveUseRefused
from equipoise.protocol.model import Study
from equipoise_server.allocator import lists
from equipoise_server.allocator.escrow import Escrow
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.keys import make_key
from equipoise_server.vault.models import Ceremony, Slot
from equipoise_server.vault.seal import open_seal, seal

SEED_BYTES = 32


def generate(
    study: Study,
    *,
    label: str,
    at: datetime,
    seed: bytes | None = None,
    escrow: Escrow | None = None,
) -> str:
    """Make and seal the list of a study; returns the commitment to publish.

    A live list takes 256 bits from the operating system; only a demo may be given a seed,
    and its label is bound into every draw, so no demo can repeat a live list. With `escrow`
    the custodians' copy is written before the list counts.

    Raises:
        LiveUseRefused: a seed was given for a live list, or a list exists already.

    """
    if label == "live" and seed is not None:
        raise LiveUseRefused("a live list takes its seed from the operating system alone")
    if Ceremony.objects.using(DATABASE).exists():
        raise LiveUseRefused("this instance already has a list; a list is made once")
    make_key()
    made = lists.make(study, label=label, seed=fresh_seed() if seed is None else seed)
    if escrow is not None:
        escrow.write(made, at=at)
    with vault_transaction():
        _store(made, at)
        Slot.objects.using(DATABASE).bulk_create(_slots(made))
    return made.commitment


def fresh_seed() -> bytes:
    """256 bits from the operating system."""
    return os.urandom(SEED_BYTES)


def _store(made: lists.Made, at: datetime) -> None:
    configuration = made.configuration
    study = configuration["study"]
    masks = _masks(configuration, made.seed)
    Ceremony.objects.using(DATABASE).create(
        label=configuration["label"],
        study=study,
        digest=configuration["digest"],
        configuration=configuration,
        commitment=made.commitment,
        sealed_seed=seal(made.seed.hex(), purpose="seed", name=study),
        sealed_masks=seal(masks, purpose="masks", name=study),
        made_at=at,
    )


def _masks(configuration: lists.Configuration, seed: bytes) -> str:
    """Closed reports show arms as X, Y, ... in an order drawn here, not in protocol order."""
    arms = list(configuration["arms"])
    ordered = sorted(arms, key=lambda arm: lists.uniform(configuration, seed, f"mask/{arm}", 1))
    letters = ["X", "Y", "Z", "V", "W", "U"]
    return canonical_json(dict(zip(letters, ordered, strict=False))).decode()


def _slots(made: lists.Made) -> list[Slot]:
    held = made.list
    if held is None:
        draws = [
            repr(lists.uniform(made.configuration, made.seed, lists.WHOLE_STUDY, place))
            for place in range(1, made.configuration["length"] + 1)
        ]
        held = {lists.WHOLE_STUDY: draws}
    return [
        Slot(
            stratum=stratum,
            place=place,
            sealed=seal(value, purpose="slot", name=slot_name(stratum, place)),
        )
        for stratum, values in held.items()
        for place, value in enumerate(values, start=1)
    ]


def slot_name(stratum: str, place: int) -> str:
    """What a slot's seal is bound to."""
    return f"{stratum}#{place}"


def commitment() -> str | None:
    """The published commitment, or None before the ceremony."""
    made = Ceremony.objects.using(DATABASE).first()
    return made.commitment if made else None


def label() -> str | None:
    """`demo` or `live`, or None before the ceremony."""
    made = Ceremony.objects.using(DATABASE).first()
    return made.label if made else None


def current() -> Ceremony:
    """The ceremony of this instance.

    Raises:
        IntegrityError: there is none.

    """
    made = Ceremony.objects.using(DATABASE).first()
    if made is None:
        raise IntegrityError(
            "This instance has no randomisation list. Run the sealing ceremony first."
        )
    return made


def seed_of(made: Ceremony) -> bytes:
    """The seed, opened."""
    return bytes.fromhex(open_seal(made.sealed_seed, purpose="seed", name=made.study))
