"""What stands beside records while they are made: drafts of pages."""

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
