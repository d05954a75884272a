from __future__ import annotations

from typing import Any

from django.db import migrations, models

from equipoise_server.store import append_only

TABLE = "vault_interimanalysis"


def on(apps: Any, schema_editor: Any) -> None:
    for statement in append_only.freeze(schema_editor.connection.vendor, (TABLE,)):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in append_only.guards(vendor, (TABLE,)):
        on_table = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}", params=None)


class Migration(migrations.Migration):
    dependencies = [("vault", "0005_allocating")]
    operations = [
        migrations.CreateModel(
            "InterimAnalysis",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("look", models.PositiveSmallIntegerField(unique=True)),
                ("cut", models.TextField()),
                ("head", models.CharField(max_length=64)),
                ("frozen_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunPython(on, off),
    ]
