"""Conflicts between people, contradictions in the data, failures outside."""

from __future__ import annotations

from equipoise.errors.ground import EquipoiseError
from equipoise.errors.said import say


class Conflict(EquipoiseError):
    """Two people acted at once."""

    code = "conflict"


class KeyReused(Conflict):
    """One idempotency key came with two different requests."""

    code = "conflict.key-reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            say(
                "Request key {key} was already used for a different request. Send this request with a new key.",
                key=key,
            )
        )


class SavedFirst(Conflict):
    """Somebody else saved this record first."""

    code = "conflict.saved-first"

    def __init__(self, what: str) -> None:
        super().__init__(
            say(
                "Somebody saved {what} while you were working. Nothing was overwritten. Reload it, compare, and save again.",
                what=what,
            )
        )


class AllocatedOtherwise(Conflict):
    """The participant's place was given under other stratification values."""

    code = "conflict.allocated-otherwise"

    def __init__(self, participant: str) -> None:
        super().__init__(
            say(
                "{participant} was given a place before, under another site or other values of the stratification factors, and that place counts. Enter the values as they were, randomise again, and correct them afterwards with a reason.",
                participant=participant,
            )
        )


class IntegrityError(EquipoiseError):
    """Stored data contradict themselves."""

    code = "integrity"


class ChainBroken(IntegrityError):
    """A ledger chain does not verify."""

    code = "integrity.chain-broken"

    def __init__(self, chain: str, why: str) -> None:
        super().__init__(
            say(
                "Ledger chain {chain} is broken: {why}. Stop work, keep the files, call the trial office.",
                chain=chain,
                why=why,
            )
        )


class LedgerEntryUnreadable(IntegrityError):
    """A ledger entry is not one that this version can replay."""

    code = "integrity.entry-unreadable"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            say(
                "Ledger entry {what} cannot be replayed: {why}. Keep the files, and use the version of equipoise that wrote it.",
                what=repr(what),
                why=why,
            )
        )


class RecordUnreadable(IntegrityError):
    """A stored record does not fit the form definition it is read under."""

    code = "integrity.record-unreadable"

    def __init__(self, form: str, item: str, why: str) -> None:
        super().__init__(
            say(
                "A stored record of form {form} does not fit its definition: {item} {why}. Read it under the definition it was saved with, or call the trial office.",
                form=form,
                item=item,
                why=why,
            )
        )


class SealBroken(IntegrityError):
    """A sealed value was changed, moved, or sealed under another key."""

    code = "integrity.seal-broken"

    def __init__(self, what: str) -> None:
        super().__init__(
            say(
                "The seal of {what} does not open: it was changed, moved or sealed under another key. Stop randomising and call the trial office.",
                what=what,
            )
        )


class SealMoved(SealBroken):
    """A sealed value opens, and belongs to another row."""

    code = "integrity.seal-moved"

    def __init__(self, what: str) -> None:
        Exception.__init__(
            self,
            say(
                "What lies sealed for {what} belongs elsewhere: it was exchanged with another. Stop randomising and call the trial office.",
                what=what,
            ),
        )


class VaultKeyMissing(SealBroken):
    """The vault's key is not there, or is no key."""

    code = "integrity.vault-key-missing"

    def __init__(self, where: str) -> None:
        Exception.__init__(
            self,
            say(
                "The vault's key {where} is missing or damaged, so nothing can be opened. Nothing was written. Put the key file back from its copy, and send the request again.",
                where=where,
            ),
        )


class VaultKeyWrong(SealBroken):
    """The vault's key is a key, and not the one that sealed this vault."""

    code = "integrity.vault-key-wrong"

    def __init__(self, where: str) -> None:
        Exception.__init__(
            self,
            say(
                "The vault's key {where} is not the one that sealed this vault. Nothing was written. Put the right key file back, and send the request again.",
                where=where,
            ),
        )


class UnsafeDatabase(IntegrityError):
    """The database is not set up so that acknowledged data survive."""

    code = "integrity.unsafe-database"

    def __init__(self, why: str) -> None:
        super().__init__(
            say(
                "The database is not safe to use: {why}. Start equipoise with its own settings.",
                why=why,
            )
        )


class ExternalError(EquipoiseError):
    """Something outside equipoise failed."""

    code = "external"


class StorageFull(ExternalError):
    """The disk is full or cannot be written."""

    code = "external.storage"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            say(
                "{where} cannot be written ({why}). Nothing was half-written. Free space or choose another place, and run the command again.",
                where=where,
                why=why,
            )
        )


class BackupUnreadable(ExternalError):
    """A backup is damaged, was changed, or does not fit here."""

    code = "external.backup"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            say(
                "Backup {what} was not restored: {why}. Nothing was written. Try another copy of it.",
                what=what,
                why=why,
            )
        )


class ExternalProgramFailed(ExternalError):
    """A program that equipoise runs is missing or failed."""

    code = "external.program"

    def __init__(self, program: str, why: str) -> None:
        super().__init__(
            say(
                "The program {program} did not do its work: {why}. Nothing was half-written. Install or repair it, and run the command again.",
                program=program,
                why=why,
            )
        )


class MissingExtra(ExternalError):
    """An optional part of equipoise is not installed."""

    code = "external.missing-extra"

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            say(
                "{purpose} needs the extra {extra}: pip install 'equipoise[{name}]'.",
                purpose=purpose,
                extra=repr(extra),
                name=extra,
            )
        )


class MessageUnreadable(ExternalError):
    """A message to the allocator is none that it knows, or its parts are of the wrong kind."""

    code = "external.message"

    def __init__(self) -> None:
        super().__init__(
            "The allocator did not understand the message, and did nothing. The two programs are "
            "not of the same version, or somebody else is sending. Call the trial office."
        )


class AllocatorSilent(ExternalError):
    """The allocator did not answer. Whether it acted is found out by asking again."""

    code = "external.allocator"

    def __init__(self, why: str) -> None:
        super().__init__(
            say(
                "The allocator did not answer ({why}). Nothing is lost: send the same request again, and it gets the same answer. If it stays silent, call the trial office.",
                why=why,
            )
        )
