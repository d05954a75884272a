"""Lots of the products, the batches packed from them, and what holds kits back.

A lot's `state` is what replaying the lot's entries of the vault's ledger gives.
"""

from __future__ import annotations

from django.db import models


class ProductSpecification(models.Model):
    """One product of the protocol: the arms it is for, and its release tests with limits."""

    product = models.CharField(max_length=64, unique=True)
    arms = models.JSONField()
    tests = models.JSONField()

    def __str__(self) -> str:
        return self.product


class Lot(models.Model):
    """One production lot of one product, as its steps have made it."""

    code = models.CharField(max_length=64, unique=True)
    product = models.CharField(max_length=64)
    status = models.CharField(max_length=16)
    state = models.JSONField()

    def __str__(self) -> str:
        return self.code


class PackagingBatch(models.Model):
    """Kits of every product, packed together from one lot of each. Never changed.

    `lots`: lot by product. The batch expires with the first of them, whole.
    """

    code = models.CharField(max_length=32, unique=True)
    lots = models.JSONField()
    shares = models.PositiveIntegerField()
    expires_on = models.DateField()
    packed_at = models.DateTimeField()
    by = models.CharField(max_length=150)

    def __str__(self) -> str:
        return self.code


class Excursion(models.Model):
    """Temperatures outside the storage condition, at a site, in a batch or on the way, and what was decided."""

    code = models.CharField(max_length=32, unique=True)
    site = models.CharField(max_length=32, blank=True, default="")
    batch = models.CharField(max_length=32, blank=True, default="")
    consignment = models.CharField(max_length=32, blank=True, default="")
    began = models.CharField(max_length=40)
    ended = models.CharField(max_length=40)
    lowest = models.FloatField()
    highest = models.FloatField()
    reported_by = models.CharField(max_length=150)
    reported_at = models.DateTimeField()
    decision = models.CharField(max_length=16, blank=True, default="")
    decided_by = models.CharField(max_length=150, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return self.code


class Hold(models.Model):
    """Why kits may not be used: of a whole batch, or of one kit. Lifted, never deleted.

    `source` names what holds: a lot, an excursion, `expiry`, or who took a kit away.
    """

    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=32)
    why = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        """Looked up by what it holds."""

        indexes = [models.Index(fields=["kind", "name"], name="hold_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Consignment(models.Model):
    """Kits of every product in the proportion of the arms, sent to a site. Never changed.

    `origin` is the site that they came from, empty for the depot.
    """

    code = models.CharField(max_length=32, unique=True)
    origin = models.CharField(max_length=32, blank=True, default="")
    site = models.CharField(max_length=32)
    kits = models.JSONField()
    key = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Replacement(models.Model):
    """Another kit of the same product, instead of one that cannot be used. Never changed."""

    participant = models.CharField(max_length=32)
    kit = models.CharField(max_length=32, unique=True)
    replaces = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kit
