"""The ledger: who did what, when, chained so that a change shows."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import InstantField


class LedgerEntry(models.Model):
    """One act. Append-only.

    There is one chain per participant (named by the code) and one named `study`. `previous`
    is the digest of the entry before, or a digest of the chain's name. `subject` is the
    digest of a record version, or of the payload that an entry `redacted` takes away. The
    digest is the primary key and covers every column.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    chain = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, unique=True)
    what = models.CharField(max_length=64)
    by = models.CharField(max_length=150)
    at = InstantField()
    subject = models.CharField(max_length=64, blank=True, default="")
    payload_digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        """No fork, no gap unnoticed."""

        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="one_sequence")]
        indexes = [
            models.Index(fields=["what", "at"], name="entry_by_what"),
            models.Index(fields=["subject"], name="entry_by_subject"),
            models.Index(fields=["at", "chain"], name="entry_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.sequence} {self.what}"


class LedgerPayload(models.Model):
    """What an entry says beyond its columns, as canonical JSON, and the salt of its digest."""

    entry = models.OneToOneField(
        LedgerEntry, primary_key=True, on_delete=models.PROTECT, related_name="payload"
    )
    salt = models.CharField(max_length=32)
    data = models.TextField()

    def __str__(self) -> str:
        return "payload"


class IdempotencyKey(models.Model):
    """A request that was carried out, and the answer to give when it comes again. Never expires."""

    key = models.CharField(max_length=200, primary_key=True)
    request = models.CharField(max_length=64)
    answer = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
