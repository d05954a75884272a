"""Everything that can go wrong, in one place.

    EquipoiseError
      ProtocolError            the study folder is wrong: its author can fix it
        ExpressionError        an expression cannot be read or does not fit its names
        StudyNotFound          no such folder and no shipped study of that name
        StudyUnreadable        the folder cannot be read at all
        DesignError            a design question with impossible numbers
        ScenarioError          a scenario cannot be rehearsed as written
      Refused                  the protocol forbids this step, now, for this person
        NotEligible
        NotConsented
        AlreadyScreened
        AlreadyRandomised
        NotRandomised
        StratumUnknown
        ListExhausted
        OutOfStock
        UnitNotValid
        DoseNotAllowed
        WindowClosed
        InvalidRecord
        ReasonRequired
        NotPermitted
        Locked
        NotLocked
        TwoPersonsRequired
        CustodianInvalid
        AlreadyWithdrawn
        AlreadyRecorded
        FollowUpEnded
        OutOfOrder
        UnknownRecord
        LiveUseRefused
        FolderNotEmpty
        NotBuilt
        NotEstimable
      Conflict                 two people acted at once: reload and try again
        KeyReused              one idempotency key, two different requests
        SavedFirst             somebody saved the record first
      IntegrityError           stored data contradict themselves: stop, call for help
        ChainBroken
        LedgerEntryUnreadable
        RecordUnreadable
        SealBroken
        UnsafeDatabase
      ExternalError            something outside equipoise failed
        StorageFull
        BackupUnreadable
        ExternalProgramFailed
        MissingExtra
        AllocatorSilent

Each class carries a stable `code` (for machines, the ledger and the documentation)
and builds its own sentence (for people). A sentence says what was refused, why and
what to do next; it never names an arm.
"""

from __future__ import annotations

from equipoise.errors.ground import (
    EquipoiseError,
    Place,
)
from equipoise.errors.protocol import (
    DesignError,
    ExpressionError,
    ProtocolError,
    ScenarioError,
    StudyNotFound,
    StudyUnreadable,
)
from equipoise.errors.refused import (
    AlreadyRandomised,
    AlreadyRecorded,
    AlreadyScreened,
    AlreadyWithdrawn,
    CustodianInvalid,
    DoseNotAllowed,
    FolderNotEmpty,
    FollowUpEnded,
    InvalidRecord,
    ListExhausted,
    LiveUseRefused,
    Locked,
    NotBuilt,
    NotConsented,
    NotEligible,
    NotEstimable,
    NotLocked,
    NotPermitted,
    NotRandomised,
    OutOfOrder,
    OutOfStock,
    ReasonRequired,
    Refused,
    StratumUnknown,
    TwoPersonsRequired,
    UnitNotValid,
    UnknownRecord,
    WindowClosed,
)
from equipoise.errors.trouble import (
    AllocatorSilent,
    BackupUnreadable,
    ChainBroken,
    Conflict,
    ExternalError,
    ExternalProgramFailed,
    IntegrityError,
    KeyReused,
    LedgerEntryUnreadable,
    MissingExtra,
    RecordUnreadable,
    SavedFirst,
    SealBroken,
    StorageFull,
    UnsafeDatabase,
)

__all__ = [
    "AllocatorSilent",
    "AlreadyRandomised",
    "AlreadyRecorded",
    "AlreadyScreened",
    "AlreadyWithdrawn",
    "BackupUnreadable",
    "ChainBroken",
    "Conflict",
    "CustodianInvalid",
    "DesignError",
    "DoseNotAllowed",
    "EquipoiseError",
    "ExpressionError",
    "ExternalError",
    "ExternalProgramFailed",
    "FolderNotEmpty",
    "FollowUpEnded",
    "IntegrityError",
    "InvalidRecord",
    "KeyReused",
    "LedgerEntryUnreadable",
    "ListExhausted",
    "LiveUseRefused",
    "Locked",
    "MissingExtra",
    "NotBuilt",
    "NotConsented",
    "NotEligible",
    "NotEstimable",
    "NotLocked",
    "NotPermitted",
    "NotRandomised",
    "OutOfOrder",
    "OutOfStock",
    "Place",
    "ProtocolError",
    "ReasonRequired",
    "RecordUnreadable",
    "Refused",
    "SavedFirst",
    "ScenarioError",
    "SealBroken",
    "StorageFull",
    "StratumUnknown",
    "StudyNotFound",
    "StudyUnreadable",
    "TwoPersonsRequired",
    "UnitNotValid",
    "UnknownRecord",
    "UnsafeDatabase",
    "WindowClosed",
]
