"""Records: one form of one participant at one visit; immutable versions; open findings."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import DayField, InstantField


class Record(models.Model):
    """The head of a record: which version is the newest. Everything else is in the versions."""

    participant = models.ForeignKey(
        "store.Participant", on_delete=models.PROTECT, related_name="records"
    )
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    current = models.CharField(max_length=64)
    on = models.DateField()
    status = models.CharField(max_length=16)

    class Meta:
        """One record per participant, form, visit and number."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "form", "visit", "number"], name="one_record"
            )
        ]
        indexes = [models.Index(fields=["form", "visit"], name="record_by_form")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.form} {self.visit} {self.number}"


class RecordVersion(models.Model):
    """One save of a record. Append-only; the digest covers every column and the record's identity."""

    digest = models.CharField(max_length=64, primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    study = models.CharField(max_length=64)
    form = models.CharField(max_length=64)
    on = DayField()
    by = models.CharField(max_length=150)
    at = InstantField()
    reason = models.TextField(blank=True, default="")
    key = models.CharField(max_length=200)
    payload_digest = models.CharField(max_length=64)

    class Meta:
        """Versions count from 1 without gaps."""

        constraints = [
            models.UniqueConstraint(fields=["record", "version"], name="one_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} version {self.version}"


class RecordPayload(models.Model):
    """The answers of one version as canonical JSON, why they changed, and the salt of both.

    In a table of its own so that an identifier typed by mistake can be removed.
    """

    version = models.OneToOneField(
        RecordVersion, primary_key=True, on_delete=models.PROTECT, related_name="payload"
    )
    salt = models.CharField(max_length=32)
    data = models.TextField()
    reason = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return "payload"


class Finding(models.Model):
    """A query on a record: opened by an edit check, a cross-check or a person; open or closed.

    `origin`: check (follows each save), cross (a rule over several forms) or person. Those of
    rules close themselves when the data agree. `accepted`: a person closed one of a rule
    although the data have stayed as they were; it does not open again for the same data.
    `message` has a text per language; what people wrote stands in the ledger, under the
    subject `query/ID`. `answered_at` is when it was answered last, None where it waits.
    """

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="findings")
    item = models.CharField(max_length=64, blank=True, default="")
    code = models.CharField(max_length=100)
    message = models.JSONField()
    opened_version = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    closed_version = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=16, default="open")
    origin = models.CharField(max_length=16, default="check")
    opened_by = models.CharField(max_length=150, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    accepted = models.BooleanField(default=False)

    class Meta:
        """Listed open first."""

        indexes = [
            models.Index(fields=["state", "record"], name="finding_by_state"),
            models.Index(fields=["state", "opened_at"], name="finding_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.item}"
