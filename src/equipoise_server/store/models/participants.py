"""Participants and kits by code."""

from __future__ import annotations

from django.db import models


class Participant(models.Model):
    """One person under a code: where they are in the trial.

    `state` is the life-cycle state that replaying the ledger gives (`equipoise.participant`);
    the other columns repeat parts of it so that pages can search and sort.
    """

    code = models.CharField(max_length=32, primary_key=True)
    site = models.ForeignKey("store.Site", on_delete=models.PROTECT, related_name="participants")
    status = models.CharField(max_length=32)
    state = models.JSONField()
    stratum = models.JSONField(default=dict)
    kit = models.CharField(max_length=32, blank=True, default="")
    screened_on = models.DateField()
    consented_at = models.DateTimeField(null=True, blank=True)
    randomised_at = models.DateTimeField(null=True, blank=True)
    randomised_on = models.DateField(null=True, blank=True)
    first_dose_at = models.DateTimeField(null=True, blank=True)
    doses = models.PositiveSmallIntegerField(default=0)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        """Listed by site and status."""

        indexes = [models.Index(fields=["site", "status"], name="participant_by_site")]

    def __str__(self) -> str:
        return self.code


class RandomisationRequest(models.Model):
    """That somebody asked for a randomisation of which the outcome is not written down yet.

    It is committed before the allocator is asked and goes with the answer, so that what is
    left after a crash is known, and `tick` can finish it.
    """

    participant = models.OneToOneField(Participant, primary_key=True, on_delete=models.PROTECT)
    by = models.ForeignKey("store.User", on_delete=models.PROTECT)
    at = models.DateTimeField()
    key = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"request for {self.participant_id}"


class Kit(models.Model):
    """A numbered pack at a site, under its code. What is in it is not known here.

    `state` is what replaying the kit's own ledger chain gives (`equipoise.supply`).
    """

    code = models.CharField(max_length=32, primary_key=True)
    site = models.ForeignKey("store.Site", on_delete=models.PROTECT, related_name="kits")
    status = models.CharField(max_length=16)
    valid = models.BooleanField()
    participant = models.CharField(max_length=32, blank=True, default="")
    state = models.JSONField()

    class Meta:
        """Listed by site and status."""

        indexes = [models.Index(fields=["site", "status"], name="kit_by_site")]

    def __str__(self) -> str:
        return self.code
