"""Consent, coded: conversations, acts, wishes to withdraw, problems, the summary of results.

Who spoke and signed, what was asked and told, and the signed copy lie sealed in the identity
database under the same token.
"""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import InstantField

PARTICIPANT = "store.Participant"


class ConsentTalk(models.Model):
    """One conversation about one version of the document, until it ends.

    `read` are the positions of the sections that were read, `answers` what was chosen at each
    question (question, option, right), in order. `signed_at`: the person signed; `ended_at`: a
    member of the staff signed too, or it was ended. `outcome`: "", signed or declined.
    """

    token = models.CharField(max_length=32, primary_key=True)
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="talks")
    document = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    language = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    mode = models.CharField(max_length=8)
    capacity = models.CharField(max_length=16)
    witness = models.BooleanField(default=False)
    interpreter = models.BooleanField(default=False)
    by = models.CharField(max_length=150)
    at = InstantField()
    read = models.JSONField(default=list)
    answers = models.JSONField(default=list)
    asked = models.PositiveSmallIntegerField(default=0)
    told = models.PositiveSmallIntegerField(default=0)
    wishes = models.JSONField(default=list)
    signed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        """Found by participant and by what is open."""

        indexes = [models.Index(fields=["participant", "ended_at"], name="talk_by_participant")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.version}"


class ConsentGiven(models.Model):
    """That both sides signed: what, in which words, how, in which capacity. Append-only.

    `content` is canonical JSON, the same as the payload of the entry in the ledger.
    """

    talk = models.OneToOneField(ConsentTalk, primary_key=True, on_delete=models.PROTECT)
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="given")
    content = models.TextField()
    at = InstantField()

    def __str__(self) -> str:
        return str(self.participant_id)


class WithdrawalWish(models.Model):
    """That a participant asked from their own pages to withdraw from one level."""

    token = models.CharField(max_length=32, primary_key=True)
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="leaving")
    level = models.CharField(max_length=16)
    at = InstantField()
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.participant_id} {self.level}"


class ProblemReport(models.Model):
    """That a participant told of a problem, and how far it got. What was told is sealed."""

    token = models.CharField(max_length=32, primary_key=True)
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="problems")
    urgent = models.BooleanField(default=False)
    at = InstantField()
    read_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True, default="")
    escalated = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """The open ones are looked for."""

        indexes = [models.Index(fields=["answered_at", "at"], name="problem_open")]

    def __str__(self) -> str:
        return str(self.participant_id)


class ResultsRelease(models.Model):
    """The plain summary of results as the sponsor released it: a text per language. Append-only."""

    digest = models.CharField(max_length=64, primary_key=True)
    texts = models.JSONField()
    by = models.CharField(max_length=150)
    at = InstantField()

    def __str__(self) -> str:
        return self.digest


class ResultsDelivery(models.Model):
    """To whom the summary goes: who wished it at consent. `state` is how far it got."""

    release = models.ForeignKey(ResultsRelease, on_delete=models.PROTECT, related_name="sent")
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="results")
    state = models.CharField(max_length=12)
    at = InstantField()
    opened_at = models.DateTimeField(null=True)

    class Meta:
        """Once each."""

        constraints = [
            models.UniqueConstraint(fields=["release", "participant"], name="results_once")
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.state}"
