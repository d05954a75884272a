"""Files of pictures that belong to records, and their masked readings. The bytes lie outside."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from equipoise_server.store.fields import DayField, InstantField

PARTICIPANT = "store.Participant"


class Scan(models.Model):
    """The pictures of one record under one coded name: what a reader reads. Append-only.

    The code is random: it tells neither whose, nor which visit, nor what came first.
    """

    code = models.CharField(max_length=20, primary_key=True)
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.PROTECT, related_name="scans")
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    rule = models.CharField(max_length=64)

    class Meta:
        """One for a record and a rule."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "form", "visit", "number", "rule"], name="one_scan"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Image(models.Model):
    """One de-identified file that was attached. Append-only.

    `sha256` and `bytes` are those of the kept file, `source` a keyed hash of what was sent,
    `plan` the digest of the plan in force, `steps` canonical JSON of what became of each part.
    """

    code = models.CharField(max_length=20, primary_key=True)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="images")
    kind = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64, db_index=True)
    bytes = models.PositiveIntegerField()
    frames = models.PositiveIntegerField()
    on = DayField()
    source = models.CharField(max_length=64, db_index=True)
    plan = models.CharField(max_length=64)
    steps = models.TextField()
    by = models.CharField(max_length=150)
    at = InstantField()

    def __str__(self) -> str:
        return self.code


class ImageWithdrawal(models.Model):
    """That a file is used no more. `erased`: its bytes were destroyed. Append-only.

    Why stands in the ledger alone, where it can be removed should it name somebody.
    """

    image = models.OneToOneField(
        Image, primary_key=True, on_delete=models.PROTECT, related_name="withdrawal"
    )
    erased = models.BooleanField()
    by = models.CharField(max_length=150)
    at = InstantField()

    def __str__(self) -> str:
        return self.image_id


class ImageReading(models.Model):
    """What one reader scored. Append-only.

    `content` is the digest of the pictures that were read: the reading counts while they are
    the pictures of the scan. `slot`: 1 first, 2 second reader, 3 the one who decides. `scores`
    is canonical JSON by item of the first sheet.
    """

    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="readings")
    content = models.CharField(max_length=64)
    slot = models.PositiveSmallIntegerField()
    scores = models.TextField()
    total = models.FloatField()
    by = models.CharField(max_length=150)
    at = InstantField()

    class Meta:
        """Each slot once, and nobody twice."""

        constraints = [
            models.UniqueConstraint(fields=["scan", "content", "slot"], name="one_reading"),
            models.UniqueConstraint(fields=["scan", "content", "by"], name="reads_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scan_id} {self.slot}"


class ImageDeclined(models.Model):
    """That a reader could not read a scan masked, and reads it no more. Append-only.

    Why stands in the ledger alone.
    """

    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="declined")
    by = models.CharField(max_length=150)
    at = InstantField()

    class Meta:
        """Once for a reader."""

        constraints = [models.UniqueConstraint(fields=["scan", "by"], name="declines_once")]

    def __str__(self) -> str:
        return self.scan_id


class ImageOffer(models.Model):
    """A file that was de-identified and waits for somebody to look at it. Gone within the hour."""

    token = models.CharField(max_length=32, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="image_offers"
    )
    participant = models.ForeignKey(PARTICIPANT, on_delete=models.CASCADE, related_name="offers")
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    rule = models.CharField(max_length=64)
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    frames = models.PositiveIntegerField()
    on = models.DateField()
    source = models.CharField(max_length=64)
    steps = models.TextField()
    warnings = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        """Old ones are looked for."""

        indexes = [models.Index(fields=["at"], name="offer_by_age")]

    def __str__(self) -> str:
        return self.token
