"""What is in each kit, sealed."""

from __future__ import annotations

from django.db import models


class Kit(models.Model):
    """One course of numbered units. The product is inside `sealed_product` with the code."""

    code = models.CharField(max_length=32, unique=True)
    site = models.CharField(max_length=32)
    sealed_product = models.BinaryField()
    participant = models.CharField(max_length=32, blank=True, default="")
    valid = models.BooleanField(default=True)
    delivered_at = models.DateTimeField()

    class Meta:
        """Looked up by site among the free and valid."""

        indexes = [models.Index(fields=["site", "participant", "valid"], name="free_kits")]

    def __str__(self) -> str:
        return self.code
