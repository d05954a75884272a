"""One row per person who can be read; who was erased has none."""

from __future__ import annotations

from django.db import models


class PersonKey(models.Model):
    """The data key of one person, wrapped by the instance's identity key."""

    token = models.CharField(max_length=64, primary_key=True)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return "key"
