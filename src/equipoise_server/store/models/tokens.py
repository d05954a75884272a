"""Tokens with which programs act for a person: one role, one site, for a time."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.models.people import User


class ProgramToken(models.Model):
    """What a program may do in a person's name. The token itself is kept by nobody here.

    `digest` is the SHA-256 of 256 random bits. The token ends with the membership it rests on.
    `used_at` is when it was used last, to the hour.
    """

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    role = models.CharField(max_length=40)
    site = models.ForeignKey("store.Site", null=True, blank=True, on_delete=models.PROTECT)
    label = models.CharField(max_length=100)
    writes = models.BooleanField(default=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.label
