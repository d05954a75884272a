"""Interim analyses: what went in, and what was found, sealed."""

from __future__ import annotations

from django.db import models


class InterimAnalysis(models.Model):
    """One interim look. Append-only; each look once.

    `cut` is the canonical JSON of the blinded data that went in, as the blinded side froze it at
    `frozen_at` when its chains had the heads with the digest `head`. `sealed` holds what was
    found, by letters.
    """

    look = models.PositiveSmallIntegerField(unique=True)
    cut = models.TextField()
    head = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    sealed = models.BinaryField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"interim look {self.look}"
