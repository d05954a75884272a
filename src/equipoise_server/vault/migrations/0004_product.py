from __future__ import annotations

from typing import Any

from django.db import migrations, models

from equipoise_server.vault import product_guards


def _id() -> Any:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in product_guards.guard(vendor):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in product_guards.unguard(vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_register")]
    operations = [
        migrations.AddField(
            "kit", "batch", models.CharField(blank=True, default="", max_length=32)
        ),
        migrations.AddField(
            "kit", "consignment", models.CharField(blank=True, default="", max_length=32)
        ),
        migrations.AddIndex("kit", models.Index(fields=["batch", "site"], name="kits_of_batch")),
        migrations.CreateModel(
            "ProductSpecification",
            [
                ("id", _id()),
                ("product", models.CharField(max_length=64, unique=True)),
                ("arms", models.JSONField()),
                ("tests", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            "Lot",
            [
                ("id", _id()),
                ("code", models.CharField(max_length=64, unique=True)),
                ("product", models.CharField(max_length=64)),
                ("status", models.CharField(max_length=16)),
                ("state", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            "PackagingBatch",
            [
                ("id", _id()),
                ("code", models.CharField(max_length=32, unique=True)),
                ("lots", models.JSONField()),
                ("shares", models.PositiveIntegerField()),
                ("expires_on", models.DateField()),
                ("packed_at", models.DateTimeField()),
                ("by", models.CharField(max_length=150)),
            ],
        ),
        migrations.CreateModel(
            "Excursion",
            [
                ("id", _id()),
                ("code", models.CharField(max_length=32, unique=True)),
                ("site", models.CharField(blank=True, default="", max_length=32)),
                ("batch", models.CharField(blank=True, default="", max_length=32)),
                ("consignment", models.CharField(blank=True, default="", max_length=32)),
                ("began", models.CharField(max_length=40)),
                ("ended", models.CharField(max_length=40)),
                ("lowest", models.FloatField()),
                ("highest", models.FloatField()),
                ("reported_by", models.CharField(max_length=150)),
                ("reported_at", models.DateTimeField()),
                ("decision", models.CharField(blank=True, default="", max_length=16)),
                ("decided_by", models.CharField(blank=True, default="", max_length=150)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.CreateModel(
            "Hold",
            [
                ("id", _id()),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=32)),
                ("why", models.CharField(max_length=16)),
                ("source", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
            options={"indexes": [models.Index(fields=["kind", "name"], name="hold_of")]},
        ),
        migrations.CreateModel(
            "Consignment",
            [
                ("id", _id()),
                ("code", models.CharField(max_length=32, unique=True)),
                ("origin", models.CharField(blank=True, default="", max_length=32)),
                ("site", models.CharField(max_length=32)),
                ("kits", models.JSONField()),
                ("key", models.CharField(max_length=200, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            "Replacement",
            [
                ("id", _id()),
                ("participant", models.CharField(max_length=32)),
                ("kit", models.CharField(max_length=32, unique=True)),
                ("replaces", models.CharField(max_length=32, unique=True)),
                ("key", models.CharField(max_length=200, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunPython(on, off),
    ]
