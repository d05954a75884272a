"""Tables of the store. Codes and coded data only: no name of a participant, no arm."""

from equipoise_server.store.models.ledger import IdempotencyKey, LedgerEntry, LedgerPayload
from equipoise_server.store.models.participants import Kit, Participant, RandomisationRequest
from equipoise_server.store.models.people import Membership, User
from equipoise_server.store.models.records import Finding, Record, RecordPayload, RecordVersion
from equipoise_server.store.models.study import Site, StudyVersion, Trial

__all__ = [
    "Finding",
    "IdempotencyKey",
    "Kit",
    "LedgerEntry",
    "LedgerPayload",
    "Membership",
    "Participant",
    "RandomisationRequest",
    "Record",
    "RecordPayload",
    "RecordVersion",
    "Site",
    "StudyVersion",
    "Trial",
    "User",
]
