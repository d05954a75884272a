"""Seal the randomisation list, and publish what it is committed to."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import LiveUseRefused
from equipoise_server.allocator import client
from equipoise_server.allocator.escrow import Escrow
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger
from equipoise_server.store.models import LedgerEntry, Trial, User

SEALED = "list-sealed"


def seal_list(
    *, by: User, at: datetime, key: str, seed: bytes | None = None, escrow: Escrow | None = None
) -> str:
    """Run the sealing ceremony; returns the commitment, which also stands in the ledger.

    The allocator makes and keeps the list; the store learns the commitment alone. Where the
    list was sealed and the ledger could not say so, the request is sent again: then the ledger
    gets the commitment of the list that is there. `seed` is for a demonstration; a live list takes its seed from the operating system. `escrow`: the
    custodians who get an encrypted copy.

    Raises:
        LiveUseRefused: a seed for a live trial, or a list that exists already.
        NotPermitted, Locked, KeyReused.

    """
    request = Request(verb="seal the list", by=by, at=at, key=key, body={})
    return str(perform(request, lambda: _seal(by, at, seed, escrow))["commitment"])


def _seal(by: User, at: datetime, seed: bytes | None, escrow: Escrow | None) -> Answer:
    with connection.cursor() as cursor:
        study = require_unlocked(cursor, "seal the list")
        permissions.require(cursor, "seal the list", by=by, at=at)
        demo = Trial.objects.get().demo
        if seed is not None and not demo:
            raise LiveUseRefused("only a demonstration may be given a seed")
        label = "demo" if demo else "live"
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        published = LedgerEntry.objects.filter(what=SEALED).exists()
        commitment = client.generate(
            study, label=label, at=at, seed=seed, escrow=escrow, unpublished=not published
        )
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=SEALED,
            by=by.username,
            at=at,
            payload={"commitment": commitment, "label": label},
        )
    return {"commitment": commitment}
