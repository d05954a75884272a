"""The sealing ceremony: seed, list, slots, commitment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from django.db import connections

from equipoise.digest import canonical_json
from equipoise.errors import (
    CustodianInvalid,
    IntegrityError,
    LiveUseRefused,
    SealBroken,
    VaultKeyWrong,
)
from equipoise.protocol.model import Study
from equipoise_server.allocator import lists, specifications
from equipoise_server.allocator.escrow import CUSTODIANS, Escrow
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.keys import key_file, make_key
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
    unpublished: bool = False,
) -> str:
    """Make and seal the list of a study; returns the commitment to publish.

    A live list takes 256 bits from the operating system; only a demo may be given a seed,
    and its label is bound into every draw, so no demo can repeat a live list. With `escrow`
    the custodians' copy is written before the list counts. With `unpublished` a list that was
    made from the same words before is not an obstacle: its commitment is given again.

    Raises:
        LiveUseRefused: a seed was given for a live list, or a list exists already.
        CustodianInvalid: a live list without custodians.

    """
    if label == "live" and seed is not None:
        raise LiveUseRefused("a live list takes its seed from the operating system alone")
    earlier = Ceremony.objects.using(DATABASE).first()
    if earlier is not None:
        if unpublished and _same(earlier, study, label, seed):
            return earlier.commitment
        raise LiveUseRefused("this instance already has a list; a list is made once")
    if label == "live" and escrow is None:
        raise CustodianInvalid(f"it needs {CUSTODIANS} custodians, not 0")
    if escrow is not None:
        escrow.check()
    make_key()
    made = lists.make(study, label=label, seed=fresh_seed() if seed is None else seed)
    if escrow is not None:
        escrow.write(made, at=at)
    with vault_transaction():
        _store(made, at)
        specifications.keep(study)
        Slot.objects.using(DATABASE).bulk_create(_slots(made))
    return made.commitment


def _same(made: Ceremony, study: Study, label: str, seed: bytes | None) -> bool:
    """Whether the list that is there is the one that these words ask for."""
    wanted = (label, study.digest, seed or seed_of(made))
    return wanted == (made.label, made.digest, seed_of(made))


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
        raise IntegrityError(_NONE)
    return made


_NONE = "This instance has no randomisation list. Run the sealing ceremony first."


class Sealed(Protocol):
    """What the seed is opened from: the ceremony, as a row or as it stands."""

    study: Any
    sealed_seed: Any


def seed_of(made: Sealed) -> bytes:
    """The seed, opened."""
    return bytes.fromhex(open_seal(made.sealed_seed, purpose="seed", name=made.study))


@dataclass(slots=True, kw_only=True, repr=False)
class Standing:
    """The ceremony as every allocation needs it. It is never changed; `text` tells one from another."""

    label: str
    study: str
    digest: str
    configuration: lists.Configuration
    sealed_seed: bytes
    text: str


_STANDING = (
    "SELECT label, study, digest, configuration, sealed_seed FROM vault_ceremony "
    "ORDER BY id LIMIT 1"
)


def standing() -> Standing:
    """The ceremony of this instance, read anew in one statement and parsed once.

    Raises:
        IntegrityError: there is none.

    """
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_STANDING)
        row = cursor.fetchone()
    if row is None:
        raise IntegrityError(_NONE)
    label, study, digest, configuration, sealed_seed = row
    return _parsed(label, study, digest, configuration, bytes(sealed_seed))


@lru_cache(maxsize=8)
def _parsed(label: str, study: str, digest: str, text: str, sealed_seed: bytes) -> Standing:
    return Standing(
        label=label,
        study=study,
        digest=digest,
        configuration=json.loads(text),
        sealed_seed=sealed_seed,
        text=text,
    )


def why_it_does_not_open(problem: SealBroken, made: Sealed) -> SealBroken:
    """The problem with a box: the box itself, or the key, which opens not even the seed."""
    if type(problem) is not SealBroken:
        return problem
    try:
        seed_of(made)
    except SealBroken:
        return VaultKeyWrong(key_file().name)
    return problem
