"""Records of unblinded forms: preparation, lots, expiry, excursions, certificates."""

from __future__ import annotations

from django.db import models


class UnblindedRecord(models.Model):
    """One save of one unblinded form. Never changed; a correction is the next version."""

    participant = models.CharField(max_length=32)
    form = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    document = models.JSONField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True, default="")
    key = models.CharField(max_length=200, unique=True)

    class Meta:
        """A version exists once."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "form", "number", "version"], name="one_unblinded_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.number} v{self.version}"
