"""Verify an instance: every digest, every replay, every checkpoint, the allocation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise import participant, supply
from equipoise.errors import EquipoiseError
from equipoise_server.allocator import client
from equipoise_server.store import (
    checkpoint,
    cleaning,
    consenting,
    finished,
    imaging,
    interim,
    life,
    supplies,
)
from equipoise_server.store.integrity import Broken, Chain, Findings, read_everything
from equipoise_server.store.ledger import RECORDED, REDACTED, STUDY_CHAIN
from equipoise_server.store.models import InterimCut, Kit, Participant

NOT_EVENTS = (
    frozenset({RECORDED, REDACTED})
    | cleaning.ENTRIES
    | finished.ENTRIES
    | consenting.ENTRIES
    | imaging.ENTRIES
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A stored state that replaying the ledger does not give."""

    of: str
    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found. Nothing in `broken` and `differences`: all is as it was written."""

    chains: int
    entries: int
    versions: int
    broken: tuple[Broken, ...]
    participants: int
    kits: int
    differences: tuple[Difference, ...]
    commitment: str | None
    matches: bool | None

    @property
    def sound(self) -> bool:
        """Whether nothing contradicts anything."""
        return not self.broken and not self.differences and self.matches is not False


def verify(checkpoint_file: Path | None = None) -> Verification:
    """Recompute everything that can be recomputed, and compare.

    Raises:
        SealBroken: the checkpoint was changed or signed by another key.

    """
    kept = checkpoint.read(checkpoint_file) if checkpoint_file else None
    found = read_everything()
    if kept:
        _compare_with(kept, found)
    _vault(found)
    people = {name: one for name, one in found.chains.items() if _is_participant(name)}
    kits = {
        name.removeprefix(supplies.CHAIN): one
        for name, one in found.chains.items()
        if name.startswith(supplies.CHAIN)
    }
    differences = (
        *_replayed(people, Participant, participant, life.columns),
        *_replayed(kits, Kit, supply, supplies.columns),
    )
    return Verification(
        chains=len(found.chains),
        entries=found.entries,
        versions=found.versions,
        broken=tuple(found.broken),
        participants=len(people),
        kits=len(kits),
        differences=differences,
        commitment=client.commitment(),
        matches=_matches(found),
    )


def _is_participant(chain: str) -> bool:
    return chain != STUDY_CHAIN and not chain.startswith(supplies.CHAIN)


def _compare_with(kept: checkpoint.Checkpoint, found: Findings) -> None:
    now = checkpoint.heads()
    for name, (length, head) in kept.heads.items():
        if name not in now:
            why = f"the checkpoint of {kept.at} has this chain with {length} entries; it is gone"
            found.add("store_ledgerentry", name, why)
        elif now[name][0] < length:
            why = f"it ends at {now[name][0]}; the checkpoint of {kept.at} has {length} entries"
            found.add("store_ledgerentry", name, why)
        elif not _has(name, length, head):
            found.add("store_ledgerentry", f"{name} {length}", f"not the entry seen at {kept.at}")


def _has(chain: str, sequence: int, digest: str) -> bool:
    from equipoise_server.store.models import LedgerEntry

    return LedgerEntry.objects.filter(pk=digest, chain=chain, sequence=sequence).exists()


def _vault(found: Findings) -> None:
    for table, row, why in client.broken():
        found.add(table, row, why)
    frozen = {row.look: interim.digest_of(row) for row in InterimCut.objects.all()}
    for one in interim.conducted():
        if frozen.get(one.look) != one.cut:
            found.add("store_interimcut", str(one.look), "the analysis had other data")


def _matches(found: Findings) -> bool | None:
    try:
        return client.matches() if client.commitment() else None
    except EquipoiseError as problem:
        found.add("vault", "allocation", str(problem))
        return False


def _replayed(
    chains: dict[str, Chain], model: Any, core: Any, columns: Callable[[Any], dict[str, Any]]
) -> Iterable[Difference]:
    """Replay each chain through the core and compare with the stored row, column by column."""
    stored = _stored(model)
    for name in sorted(chains.keys() | stored.keys()):
        if name not in stored:
            yield Difference(of=name, column="", why="the ledger has a chain and there is no row")
        elif name not in chains:
            yield Difference(of=name, column="", why="there is a row and the ledger has no chain")
        else:
            yield from _compare(name, chains[name], stored[name], core, columns)


def _stored(model: Any) -> dict[str, dict[str, Any]]:
    return {row[model._meta.pk.attname]: row for row in model.objects.values()}


def _compare(
    name: str,
    chain: Chain,
    row: dict[str, Any],
    core: Any,
    columns: Callable[[Any], dict[str, Any]],
) -> Iterable[Difference]:
    try:
        events = [
            core.from_payload(what, json.loads(data))
            for what, data in chain.entries
            if what not in NOT_EVENTS
        ]
    except (EquipoiseError, ValueError) as problem:
        yield Difference(of=name, column="", why=f"the ledger cannot be replayed: {problem}")
        return
    for column, expected in columns(core.replay(events)).items():
        if row[column] != expected:
            yield Difference(
                of=name, column=column, why=f"stored {row[column]!r}, replayed {expected!r}"
            )
