"""The study, its versions and its sites."""

from __future__ import annotations

from django.db import models

from equipoise_server.store.fields import InstantField


class StudyVersion(models.Model):
    """A protocol version by its digest, with the canonical JSON that has this digest. Append-only."""

    digest = models.CharField(max_length=64, primary_key=True)
    study = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    document = models.TextField()
    at = InstantField()

    def __str__(self) -> str:
        return f"{self.study} {self.version}"


class Trial(models.Model):
    """What state the trial of this instance is in. One row.

    `demo` never changes. `randomisation_open` is closed by the safety board's pause rules.
    """

    study = models.ForeignKey(StudyVersion, on_delete=models.PROTECT)
    demo = models.BooleanField()
    opened_at = models.DateTimeField()
    randomisation_open = models.BooleanField(default=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    unblinded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One row: two trials would share one ledger."""

        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_trial")]

    def __str__(self) -> str:
        return str(self.study_id)


class Site(models.Model):
    """A centre. `timezone` decides which calendar date an instant falls on there."""

    code = models.CharField(max_length=32, primary_key=True)
    name = models.JSONField()
    timezone = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code
