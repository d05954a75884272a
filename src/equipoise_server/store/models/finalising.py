"""Signatures, locks, agreements of two persons, protocol versions, decisions of the board."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import DayField, InstantField


class SignatureAct(models.Model):
    """One act of signing by one person: over one record, or several of one participant. Append-only.

    `name`, `role` and `meaning` (a text per language, canonical JSON) are what was printed.
    `seal` is the instance's Ed25519 signature over the canonical content of the act with every
    record version that it covers, so that no signature can be moved to another record.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    participant = models.ForeignKey(
        "store.Participant", on_delete=models.PROTECT, related_name="signature_acts"
    )
    by = models.CharField(max_length=150)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=40)
    rule = models.CharField(max_length=64, blank=True, default="")
    meaning = models.TextField()
    at = InstantField()
    seal = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"{self.by} for {self.participant_id}"


class Signature(models.Model):
    """That an act covers one version of one record. Append-only."""

    act = models.ForeignKey(SignatureAct, on_delete=models.PROTECT, related_name="signatures")
    record = models.ForeignKey("store.Record", on_delete=models.PROTECT, related_name="signatures")
    version = models.ForeignKey(
        "store.RecordVersion", on_delete=models.PROTECT, related_name="signatures"
    )

    class Meta:
        """A version once per act."""

        constraints = [models.UniqueConstraint(fields=["act", "version"], name="one_signature")]

    def __str__(self) -> str:
        return f"{self.act_id} of {self.version_id}"


class SignatureVoid(models.Model):
    """That a signature no longer holds, since when and why. Append-only."""

    signature = models.OneToOneField(
        Signature, primary_key=True, on_delete=models.PROTECT, related_name="void"
    )
    by = models.CharField(max_length=150)
    at = InstantField()
    reason = models.TextField()

    def __str__(self) -> str:
        return f"void {self.signature_id}"


class Lock(models.Model):
    """What is locked now: a record, visit, participant or site. Gone when it is unlocked.

    The ledger keeps who locked and unlocked; replaying it gives these rows again.
    """

    scope = models.CharField(max_length=16)
    site = models.CharField(max_length=32)
    participant = models.CharField(max_length=32, blank=True, default="")
    visit = models.CharField(max_length=64, blank=True, default="")
    form = models.CharField(max_length=64, blank=True, default="")
    number = models.PositiveIntegerField(default=0)
    at = InstantField()

    class Meta:
        """One lock per thing; looked up by participant and by site."""

        constraints = [
            models.UniqueConstraint(
                fields=["site", "participant", "visit", "form", "number", "scope"], name="one_lock"
            )
        ]
        indexes = [models.Index(fields=["participant"], name="lock_by_participant")]

    def __str__(self) -> str:
        return f"{self.scope} {self.site} {self.participant} {self.visit} {self.form}"


class Proposal(models.Model):
    """A step that needs two persons: what the first one asks for, until the second one answers.

    `body` is canonical JSON. `outcome` is empty, `done` or `declined`.
    """

    step = models.CharField(max_length=40)
    body = models.TextField()
    by = models.ForeignKey("store.User", on_delete=models.PROTECT, related_name="proposals")
    reason = models.TextField()
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=150, blank=True, default="")
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        """Listed open first."""

        indexes = [models.Index(fields=["outcome", "at"], name="proposal_open")]

    def __str__(self) -> str:
        return f"{self.step} by {self.by_id}"


class Amendment(models.Model):
    """A published protocol version: against which other, what changed, how older data are read.

    `changes`, `lenses` and `rehearsal` are canonical JSON; the entry of the study's ledger
    names the digest of each. Append-only.
    """

    study = models.OneToOneField(
        "store.StudyVersion", primary_key=True, on_delete=models.PROTECT, related_name="amendment"
    )
    previous = models.ForeignKey(
        "store.StudyVersion", on_delete=models.PROTECT, related_name="followed_by"
    )
    number = models.PositiveIntegerField(unique=True)
    changes = models.TextField()
    lenses = models.TextField()
    rehearsal = models.TextField()
    needs_reconsent = models.BooleanField()
    by = models.CharField(max_length=150)
    at = InstantField()

    def __str__(self) -> str:
        return f"amendment {self.number}"


class SiteVersion(models.Model):
    """From which day a site works under a protocol version. Append-only."""

    site = models.ForeignKey("store.Site", on_delete=models.PROTECT, related_name="versions")
    study = models.ForeignKey("store.StudyVersion", on_delete=models.PROTECT, related_name="+")
    on = DayField()
    by = models.CharField(max_length=150)
    at = InstantField()

    class Meta:
        """A version once per site."""

        constraints = [models.UniqueConstraint(fields=["site", "study"], name="one_activation")]

    def __str__(self) -> str:
        return f"{self.site_id} from {self.on}"


class SiteApproval(models.Model):
    """The document by which the ethics committee of a site let it work under a version. Append-only."""

    activation = models.OneToOneField(
        SiteVersion, primary_key=True, on_delete=models.PROTECT, related_name="approval"
    )
    reference = models.CharField(max_length=200)
    on = DayField()

    def __str__(self) -> str:
        return self.reference


class ParticipantVersion(models.Model):
    """That a participant moved to a protocol version, and why. The newest counts. Append-only."""

    participant = models.ForeignKey(
        "store.Participant", on_delete=models.PROTECT, related_name="moves"
    )
    study = models.ForeignKey("store.StudyVersion", on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=16)
    by = models.CharField(max_length=150)
    at = InstantField()

    class Meta:
        """A participant moves to a version once."""

        constraints = [models.UniqueConstraint(fields=["participant", "study"], name="one_move")]

    def __str__(self) -> str:
        return f"{self.participant_id} to {self.study_id}"


class BoardDecision(models.Model):
    """What the safety board decided about the start of the trial, or after an interim look.

    `about` is `sentinel`, a stratum level, or `interim-1`; `reviewed` is how many had been
    treated. `decision` is empty, or after a look `continue` or why the trial stops. Append-only.
    """

    about = models.CharField(max_length=64)
    opens = models.BooleanField()
    reviewed = models.PositiveIntegerField()
    words = models.TextField()
    by = models.CharField(max_length=150)
    at = InstantField()
    decision = models.CharField(max_length=16, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.about} {self.opens}"
