"""The vault's own ledger: who learnt what, and who may."""

from __future__ import annotations

from django.db import models


class UnblindedPerson(models.Model):
    """Someone who may ask the allocator what is in a kit, as what, where and how long.

    `sites` None means every site; `until` None means until further notice.
    """

    username = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    sites = models.JSONField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """A role is held once."""

        constraints = [models.UniqueConstraint(fields=["username", "role"], name="one_role")]

    def __str__(self) -> str:
        return f"{self.username} as {self.role}"


class VaultLedgerEntry(models.Model):
    """One act on the vault, chained to the one before. Holds reasons, never an arm."""

    sequence = models.PositiveIntegerField(unique=True)
    what = models.CharField(max_length=60)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    participant = models.CharField(max_length=32, blank=True, default="")
    payload = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.what}"
