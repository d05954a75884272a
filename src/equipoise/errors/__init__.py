"""Everything that can go wrong, in one place.

    EquipoiseError
      ProtocolError            the study folder is wrong: its author can fix it
        ExpressionError        an expression cannot be read or does not fit its names
        StudyNotFound          no such folder and no shipped study of that name
        StudyUnreadable        the folder cannot be read at all
        LensMissing            older records could not be read under an amendment
        DesignError            a design question with impossible numbers
        ScenarioError          a scenario cannot be rehearsed as written
      Refused                  the protocol forbids this step, now, for this person
        NotEligible
        NotConsented
          ConsentLapsed          a deferral of consent has run out
          ReconsentDue           an amendment asks for a new consent
        AlreadyScreened
        AlreadyRandomised
        NotRandomised
        StratumUnknown
        ListExhausted
        ListOfAnotherVersion   sealed for another protocol version
        ClockWrong             the time of a request cannot be right
        OutOfStock
        UnitNotValid
          KitNotValid            damaged, expired, quarantined, recalled: not said which
          UnitUsed
          UnitOfAnother
          UnitElsewhere
          ThawedTooLongAgo
        SecondPersonRequired
        LotNotReleasable
        UnitsOpen
        DoseNotAllowed
        WindowClosed
        InvalidRecord
        ReasonRequired
        NotPermitted
          FactorRequired         a second factor for this act is missing
          FactorRefused          the one given does not fit
          NotDelegated           the site's delegation log does not give the task
          NotTrained             a training is missing or no longer current
          OtherSide              somebody of the other side of the blinding
          SidesMixed             nobody works on both sides of the blinding
          NotMasked              a reader who could know whose picture it is
          AssertionRefused       the unblinded side: name and PIN do not fit
            AssertionExpired
            AssertionUsed
            TooManyWrong
          RevealLimit            more unblindings than the limits allow
        Locked
          PartLocked             a record, visit, participant or site is locked
        NotReady                 something is left to do before a lock
        WaitsForBoard            randomisation waits for the safety board
        StoppedByBoard           the safety board has stopped it
        AmendmentRefused
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
        MayUnblind               a free text may tell what somebody receives
        FileRefused              a file is not what it should be
        LinesRejected            some lines of a file cannot be taken, so none was
        NotLookedAt              nobody has confirmed that a picture names no one
        ScoresAreRead            scores of masked readings cannot be typed
        AlreadyRead              this person reads the picture no more
        InvitationInvalid      too old, used or withdrawn
        LinkInvalid            a mailed link is forged, too old or used
        ProofRefused           a public form as a machine would send it
        TooManyRequests
        FormIncomplete
        SamePerson             one person where two are needed
        PinUnfit
      Conflict                 two people acted at once: reload and try again
        KeyReused              one idempotency key, two different requests
        SavedFirst             somebody saved the record first
        PicturesChanged        not the pictures that were shown any more
        AllocatedOtherwise     the place was given under other stratification values
      IntegrityError           stored data contradict themselves: stop, call for help
        ChainBroken
        LedgerEntryUnreadable
        RecordUnreadable
        SealBroken
          SealMoved            it opens, and belongs to another row
          VaultKeyMissing
          VaultKeyWrong
        UnsafeDatabase
        FileMissing            a kept file is gone or altered
      ExternalError            something outside equipoise failed
        StorageFull
        BackupUnreadable
        ExternalProgramFailed
        MissingExtra
        AllocatorSilent
        MessageUnreadable
        MailNotTaken

Each class carries a stable `code` (for machines, the ledger and the documentation)
and builds its own sentence (for people). A sentence says what was refused, why and
what to do next; it never names an arm.
"""

from __future__ import annotations

from equipoise.errors.cleaning import (
    FileRefused,
    LinesRejected,
    MayUnblind,
)
from equipoise.errors.enrolling import (
    AlreadyRandomised,
    AlreadyScreened,
    ConsentLapsed,
    NotConsented,
    NotEligible,
    NotRandomised,
    ReconsentDue,
    StratumUnknown,
)
from equipoise.errors.finalising import (
    AmendmentRefused,
    LensMissing,
    NotReady,
    PartLocked,
    StoppedByBoard,
    WaitsForBoard,
)
from equipoise.errors.ground import (
    EquipoiseError,
    Place,
)
from equipoise.errors.imaging import (
    AlreadyRead,
    FileMissing,
    NotLookedAt,
    NotMasked,
    PicturesChanged,
    ScoresAreRead,
)
from equipoise.errors.people import (
    FactorRefused,
    FactorRequired,
    InvitationInvalid,
    NotDelegated,
    NotTrained,
    SidesMixed,
)
from equipoise.errors.portal import (
    FormIncomplete,
    LinkInvalid,
    MailNotTaken,
    ProofRefused,
    TooManyRequests,
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
    AlreadyRecorded,
    AlreadyWithdrawn,
    ClockWrong,
    CustodianInvalid,
    DoseNotAllowed,
    FolderNotEmpty,
    FollowUpEnded,
    InvalidRecord,
    ListExhausted,
    ListOfAnotherVersion,
    LiveUseRefused,
    Locked,
    NotBuilt,
    NotEstimable,
    NotLocked,
    NotPermitted,
    OtherSide,
    OutOfOrder,
    OutOfStock,
    ReasonRequired,
    Refused,
    TwoPersonsRequired,
    UnitNotValid,
    UnknownRecord,
    WindowClosed,
)
from equipoise.errors.register import (
    AssertionExpired,
    AssertionRefused,
    AssertionUsed,
    PinUnfit,
    RevealLimit,
    SamePerson,
    TooManyWrong,
)
from equipoise.errors.said import Sentence, listed, said_of, say
from equipoise.errors.supply import (
    KitNotValid,
    LotNotReleasable,
    SecondPersonRequired,
    ThawedTooLongAgo,
    UnitElsewhere,
    UnitOfAnother,
    UnitsOpen,
    UnitUsed,
)
from equipoise.errors.trouble import (
    AllocatedOtherwise,
    AllocatorSilent,
    BackupUnreadable,
    ChainBroken,
    Conflict,
    ExternalError,
    ExternalProgramFailed,
    IntegrityError,
    KeyReused,
    LedgerEntryUnreadable,
    MessageUnreadable,
    MissingExtra,
    RecordUnreadable,
    SavedFirst,
    SealBroken,
    SealMoved,
    StorageFull,
    UnsafeDatabase,
    VaultKeyMissing,
    VaultKeyWrong,
)

__all__ = [
    "AllocatedOtherwise",
    "AllocatorSilent",
    "AlreadyRandomised",
    "AlreadyRead",
    "AlreadyRecorded",
    "AlreadyScreened",
    "AlreadyWithdrawn",
    "AmendmentRefused",
    "AssertionExpired",
    "AssertionRefused",
    "AssertionUsed",
    "BackupUnreadable",
    "ChainBroken",
    "ClockWrong",
    "Conflict",
    "ConsentLapsed",
    "CustodianInvalid",
    "DesignError",
    "DoseNotAllowed",
    "EquipoiseError",
    "ExpressionError",
    "ExternalError",
    "ExternalProgramFailed",
    "FactorRefused",
    "FactorRequired",
    "FileMissing",
    "FileRefused",
    "FolderNotEmpty",
    "FollowUpEnded",
    "FormIncomplete",
    "IntegrityError",
    "InvalidRecord",
    "InvitationInvalid",
    "KeyReused",
    "KitNotValid",
    "LedgerEntryUnreadable",
    "LensMissing",
    "LinesRejected",
    "LinkInvalid",
    "ListExhausted",
    "ListOfAnotherVersion",
    "LiveUseRefused",
    "Locked",
    "LotNotReleasable",
    "MailNotTaken",
    "MayUnblind",
    "MessageUnreadable",
    "MissingExtra",
    "NotBuilt",
    "NotConsented",
    "NotDelegated",
    "NotEligible",
    "NotEstimable",
    "NotLocked",
    "NotLookedAt",
    "NotMasked",
    "NotPermitted",
    "NotRandomised",
    "NotReady",
    "NotTrained",
    "OtherSide",
    "OutOfOrder",
    "OutOfStock",
    "PartLocked",
    "PicturesChanged",
    "PinUnfit",
    "Place",
    "ProofRefused",
    "ProtocolError",
    "ReasonRequired",
    "ReconsentDue",
    "RecordUnreadable",
    "Refused",
    "RevealLimit",
    "SamePerson",
    "SavedFirst",
    "ScenarioError",
    "ScoresAreRead",
    "SealBroken",
    "SealMoved",
    "SecondPersonRequired",
    "Sentence",
    "SidesMixed",
    "StoppedByBoard",
    "StorageFull",
    "StratumUnknown",
    "StudyNotFound",
    "StudyUnreadable",
    "ThawedTooLongAgo",
    "TooManyRequests",
    "TooManyWrong",
    "TwoPersonsRequired",
    "UnitElsewhere",
    "UnitNotValid",
    "UnitOfAnother",
    "UnitUsed",
    "UnitsOpen",
    "UnknownRecord",
    "UnsafeDatabase",
    "VaultKeyMissing",
    "VaultKeyWrong",
    "WaitsForBoard",
    "WindowClosed",
    "listed",
    "said_of",
    "say",
]
