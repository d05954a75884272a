"""Identities of participants: encrypted, linked to the study by the code alone."""

from __future__ import annotations

from django.db import models

from equipoise_server.identity.consenting import (
    ConsentCopy,
    ConsentPerson,
    ConsentQuestion,
    ParticipantDoor,
    ProblemText,
)
from equipoise_server.identity.portal import (
    Alerted,
    Annotation,
    Counted,
    Enquirer,
    Interest,
    Letter,
    Permission,
    SavedStudy,
    Spent,
    Volunteer,
)

__all__ = [
    "Alerted",
    "Annotation",
    "ConsentCopy",
    "ConsentPerson",
    "ConsentQuestion",
    "Counted",
    "Enquirer",
    "Interest",
    "Letter",
    "ParticipantDoor",
    "Permission",
    "Person",
    "ProblemText",
    "SavedStudy",
    "Spent",
    "Volunteer",
]


class Person(models.Model):
    """Name and contact of one participant, each encrypted under the person's own key.

    The key lies in the key store: forgetting it erases the person. `participant` is the
    study code.
    """

    participant = models.CharField(max_length=32, unique=True)
    name = models.BinaryField()
    contact = models.BinaryField()
    language = models.CharField(max_length=16, default="en")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return "person"
