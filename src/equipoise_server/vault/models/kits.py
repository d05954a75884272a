"""What is in each kit, sealed; and the lots, batches and consignments that kits come in."""

from __future__ import annotations

from django.db import models


class Kit(models.Model):
    """One course of numbered units. The product is inside `sealed_product` with the code.

    `batch` is the packaging batch, which holds every product in the proportion of the arms;
    it is empty where kits were packed without lots. A kit whose `site` is empty is at the
    depot. `valid` is false while anything holds the kit, its batch or its consignment.
    """

    code = models.CharField(max_length=32, unique=True)
    site = models.CharField(max_length=32)
    sealed_product = models.BinaryField()
    participant = models.CharField(max_length=32, blank=True, default="")
    valid = models.BooleanField(default=True)
    delivered_at = models.DateTimeField()
    batch = models.CharField(max_length=32, blank=True, default="")
    consignment = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        """Looked up by site among the free and valid, and by batch."""

        indexes = [
            models.Index(fields=["site", "participant", "valid", "code"], name="free_kits_by_code"),
            models.Index(fields=["batch", "site"], name="kits_of_batch"),
        ]

    def __str__(self) -> str:
        return self.code
