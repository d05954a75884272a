"""The ceremony, the sealed slots and the allocations given from them."""

from __future__ import annotations

from django.db import models


class Ceremony(models.Model):
    """How the list was made. One row per instance; `label` is `demo` or `live` for ever."""

    label = models.CharField(max_length=16)
    study = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    configuration = models.JSONField()
    commitment = models.CharField(max_length=64)
    sealed_seed = models.BinaryField()
    sealed_masks = models.BinaryField()
    made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.label} ceremony of {self.study}"


class Slot(models.Model):
    """One sealed place of a stratum's list, or one sealed draw of a dynamic scheme.

    `place` counts from 1 within `stratum`. What the slot holds is inside `sealed`, together
    with its stratum and place, so that two slots cannot be exchanged unnoticed.
    """

    stratum = models.CharField(max_length=200)
    place = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        """A place exists once."""

        constraints = [models.UniqueConstraint(fields=["stratum", "place"], name="one_place")]

    def __str__(self) -> str:
        return "slot"


class Allocation(models.Model):
    """The place a participant was given. Unique per participant, per slot and per kit."""

    participant = models.CharField(max_length=32, unique=True)
    slot = models.OneToOneField(Slot, on_delete=models.PROTECT)
    site = models.CharField(max_length=32)
    stratum = models.CharField(max_length=200)
    covariates = models.JSONField(default=dict)
    sealed_arm = models.BinaryField()
    kit = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        """A request key is used once."""

        constraints = [models.UniqueConstraint(models.F("key"), name="one_allocation_per_key")]

    def __str__(self) -> str:
        return "allocation"
