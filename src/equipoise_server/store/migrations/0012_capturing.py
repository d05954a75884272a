"""The reason for a change lies beside the answers, so that it can be removed like them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; the table keeps its triggers. Reasons saved before stay where they are."""

    dependencies = [("store", "0010_images")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE store_recordpayload ADD COLUMN reason text NOT NULL DEFAULT ''",
                    "ALTER TABLE store_recordpayload DROP COLUMN reason",
                )
            ],
            state_operations=[
                migrations.AddField(
                    "recordpayload", "reason", models.TextField(blank=True, default="")
                )
            ],
        )
    ]
