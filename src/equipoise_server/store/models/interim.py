"""The data of interim analyses as they were frozen. Blinded: no arm."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import InstantField


class InterimCut(models.Model):
    """The data that one interim look is about. Append-only; each look once.

    `document` is the canonical JSON of `equipoise.analysis.interim_cut.Cut`. `head` is the digest
    of the heads of all chains when it was read.
    """

    look = models.PositiveSmallIntegerField(primary_key=True)
    document = models.TextField()
    head = models.CharField(max_length=64)
    by = models.CharField(max_length=150)
    at = InstantField()

    def __str__(self) -> str:
        return f"look {self.look}"
