"""When a token was used last."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0017_interim")]
    operations = [
        migrations.AddField(
            model_name="programtoken",
            name="used_at",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
