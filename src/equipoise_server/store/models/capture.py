"""What stands beside records while they are made: drafts of pages, and files that go with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """What one person has typed on one page and not saved yet. Gone once it is saved.

    It is no part of the record: nothing reads it but the page it was typed on, and no trail
    of it is kept. `version` is that of the record when the page was opened, `key` the request
    key of the page, `said` what its fields held as JSON.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    participant = models.ForeignKey("store.Participant", on_delete=models.CASCADE)
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=200)
    said = models.TextField()
    at = models.DateTimeField()

    class Meta:
        """One draft of a person for a page."""

        constraints = [
            models.UniqueConstraint(
                fields=["user", "participant", "form", "visit", "number"], name="one_draft"
            )
        ]

    def __str__(self) -> str:
        return f"draft of {self.form} {self.visit} {self.number}"


class AttachedFile(models.Model):
    """A file that goes with a record; its bytes lie outside the database, under their digest.

    Append-only. `title` is what the person called it, never the name of the file as it came.
    """

    participant = models.ForeignKey("store.Participant", on_delete=models.PROTECT)
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    size = models.PositiveIntegerField()
    title = models.CharField(max_length=100)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        """Listed by record; the same bytes are attached to a record once."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "form", "visit", "number", "digest"], name="one_attachment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"


class MaskedRead(models.Model):
    """What one reader saw in the images of one record, before the other's reading is shown.

    Append-only. `turn` is 1 or 2 for the two readers, 3 for the one who decides.
    `answers` holds the items of that turn as canonical JSON.
    """

    participant = models.ForeignKey("store.Participant", on_delete=models.PROTECT)
    form = models.CharField(max_length=64)
    visit = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    turn = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    answers = models.TextField()

    class Meta:
        """One reading a turn, and one turn a reader."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "form", "visit", "number", "turn"], name="one_read_a_turn"
            ),
            models.UniqueConstraint(
                fields=["participant", "form", "visit", "number", "by"], name="one_turn_a_reader"
            ),
        ]

    def __str__(self) -> str:
        return f"reading {self.turn} of {self.form} at {self.visit}"
