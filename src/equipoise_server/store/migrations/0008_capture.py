from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies = [("store", "0007_consent")]
    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form", models.CharField(max_length=64)),
                ("visit", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField(default=0)),
                ("version", models.PositiveIntegerField(default=0)),
                ("key", models.CharField(max_length=200)),
                ("said", models.TextField()),
                ("at", models.DateTimeField()),
                ("participant", models.ForeignKey(on_delete=_CASCADE, to="store.participant")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=_CASCADE, related_name="drafts", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "participant", "form", "visit", "number"), name="one_draft"
                    )
                ]
            },
        ),
    ]
