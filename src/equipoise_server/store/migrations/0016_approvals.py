"""By which document the ethics committee of a site approved a protocol version."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import equipoise_server.store.fields
from equipoise_server.store import append_only

TABLES = ("store_siteapproval",)


def on(apps: Any, schema_editor: Any) -> None:
    for statement in append_only.freeze(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


def nothing(apps: Any, schema_editor: Any) -> None:
    """The table goes with its triggers."""


class Migration(migrations.Migration):
    dependencies = [("store", "0013_moments")]

    operations = [
        migrations.CreateModel(
            name="SiteApproval",
            fields=[
                (
                    "activation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="approval",
                        serialize=False,
                        to="store.siteversion",
                    ),
                ),
                ("reference", models.CharField(max_length=200)),
                ("on", equipoise_server.store.fields.DayField(max_length=10)),
            ],
        ),
        migrations.RunPython(on, nothing),
    ]
