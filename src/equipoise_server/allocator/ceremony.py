"""The sealing ceremony: seed, list, slots, commitment."""

from __future__ import annotations

import os
from datetime import datetime

from equipoise.digest import canonical_json
from equipoise.errors import IntegrityError, LiveUseRefused
from equipoise.protocol.model import Study
from equipoise_server.allocator import lists
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.keys import make_key
from equipoise_server.vault.models import Ceremony, Slot
from equipoise_server.vault.seal import open_seal, seal

SEED_BYTES = 32


def generate(study: Study, *, label: str, at: datetime, seed: bytes | None = None) -> str:
    """Make and seal the list of a study; returns the commitment to publish.

    A live list takes 256 bits from the operating system; only a demo may be given a seed,
    and its label is bound into every draw, so no demo can repeat a live list.

    Raises:
        LiveUseRefused: a seed was given for a live list, or a list exists already.

    """
    if label == "live" and seed is not None:
        raise LiveUseRefused("a live list takes its seed from the operating system alone")
    if Ceremony.objects.using(DATABASE).exists():
        raise LiveUseRefused("this instance already has a list; a list is made once")
    make_key()
    chosen = seed if seed is not None else os.urandom(SEED_BYTES)
    configuration = lists.configure(study, label=label)
    made = lists.build(configuration, chosen)
    committed = lists.commitment(made, chosen, configuration)
    with vault_transaction():
        _store(study, configuration, chosen, committed, at)
        Slot.objects.using(DATABASE).bulk_create(_slots(configuration, made, chosen))
    return committed


def _store(
    study: Study, configuration: lists.Configuration, seed: bytes, committed: str, at: datetime
) -> None:
    Ceremony.objects.using(DATABASE).create(
        label=configuration["label"],
        study=study.protocol.id,
        digest=study.digest,
        configuration=configuration,
        commitment=committed,
        sealed_seed=seal(seed.hex(), purpose="seed", name=study.protocol.id),
        sealed_masks=seal(_masks(configuration, seed), purpose="masks", name=study.protocol.id),
        made_at=at,
    )


def _masks(configuration: lists.Configuration, seed: bytes) -> str:
    """Closed reports show arms as X, Y, ... in an order drawn here, not in protocol order."""
    arms = list(configuration["arms"])
    ordered = sorted(arms, key=lambda arm: lists.uniform(configuration, seed, f"mask/{arm}", 1))
    letters = ["X", "Y", "Z", "V", "W", "U"]
    return canonical_json(dict(zip(letters, ordered, strict=False))).decode()


def _slots(configuration: lists.Configuration, made: lists.Lists | None, seed: bytes) -> list[Slot]:
    if made is None:
        draws = [
            repr(lists.uniform(configuration, seed, lists.WHOLE_STUDY, place))
            for place in range(1, configuration["length"] + 1)
        ]
        made = {lists.WHOLE_STUDY: draws}
    return [
        Slot(
            stratum=stratum,
            place=place,
            sealed=seal(value, purpose="slot", name=slot_name(stratum, place)),
        )
        for stratum, values in made.items()
        for place, value in enumerate(values, start=1)
    ]


def slot_name(stratum: str, place: int) -> str:
    """What a slot's seal is bound to."""
    return f"{stratum}#{place}"


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
