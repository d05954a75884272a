"""When the first and the last thing happened, without reading the whole ledger."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One index; the table keeps its triggers."""

    dependencies = [("store", "0012_capturing")]

    operations = [
        migrations.AddIndex(
            "ledgerentry", models.Index(fields=["at", "chain"], name="entry_by_moment")
        )
    ]
