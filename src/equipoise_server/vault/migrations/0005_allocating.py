from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_product")]
    operations = [
        migrations.RemoveIndex(model_name="kit", name="free_kits"),
        migrations.AddIndex(
            model_name="kit",
            index=models.Index(
                fields=["site", "participant", "valid", "code"], name="free_kits_by_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.UniqueConstraint(models.F("key"), name="one_allocation_per_key"),
        ),
    ]
