"""What people said and signed: sealed under the participant's own key.

The store knows the same conversations by their token, without a name or a word of them.
"""

from __future__ import annotations

from django.db import models


class ConsentPerson(models.Model):
    """Who took part in a conversation: `sealed` holds name, relation and how identity was checked."""

    talk = models.CharField(max_length=32, db_index=True)
    participant = models.CharField(max_length=32, db_index=True)
    role = models.CharField(max_length=16)
    sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        """One of each role."""

        constraints = [models.UniqueConstraint(fields=["talk", "role"], name="consent_person_once")]

    def __str__(self) -> str:
        return self.role


class ConsentQuestion(models.Model):
    """A question that the person asked, and what was answered by whom."""

    token = models.CharField(max_length=32, primary_key=True)
    talk = models.CharField(max_length=32, db_index=True)
    participant = models.CharField(max_length=32)
    sealed = models.BinaryField()
    sealed_answer = models.BinaryField(null=True)
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True, default="")

    def __str__(self) -> str:
        return self.token


class ConsentCopy(models.Model):
    """The signed copy as a PDF, sealed."""

    talk = models.CharField(max_length=32, primary_key=True)
    participant = models.CharField(max_length=32, db_index=True)
    language = models.CharField(max_length=16)
    sealed = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.talk


class ParticipantDoor(models.Model):
    """How a participant comes to their own pages: `sealed` holds address and telephone.

    `address_index` is a keyed hash of the address. `reminders`: mail on days with something to do.
    """

    participant = models.CharField(max_length=32, primary_key=True)
    sealed = models.BinaryField()
    address_index = models.CharField(max_length=64, db_index=True)
    language = models.CharField(max_length=16, default="en")
    reminders = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.participant


class ProblemText(models.Model):
    """What a participant told of a problem, and what the site answered."""

    token = models.CharField(max_length=32, primary_key=True)
    participant = models.CharField(max_length=32, db_index=True)
    sealed = models.BinaryField()
    sealed_reply = models.BinaryField(null=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.token
