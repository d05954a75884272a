from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import equipoise_server.store.fields
from equipoise_server.store import append_only

TABLES = (
    "store_scan",
    "store_image",
    "store_imagewithdrawal",
    "store_imagereading",
    "store_imagedeclined",
)


def on(apps: Any, schema_editor: Any) -> None:
    for statement in append_only.freeze(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in append_only.guards(vendor, TABLES):
        on_table = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Image",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=8)),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("bytes", models.PositiveIntegerField()),
                ("frames", models.PositiveIntegerField()),
                ("on", equipoise_server.store.fields.DayField(max_length=10)),
                ("source", models.CharField(db_index=True, max_length=64)),
                ("plan", models.CharField(max_length=64)),
                ("steps", models.TextField()),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
            ],
        ),
        migrations.CreateModel(
            name="ImageWithdrawal",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="withdrawal",
                        serialize=False,
                        to="store.image",
                    ),
                ),
                ("erased", models.BooleanField()),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
            ],
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("form", models.CharField(max_length=64)),
                ("visit", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField(default=0)),
                ("rule", models.CharField(max_length=64)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImageReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.CharField(max_length=64)),
                ("slot", models.PositiveSmallIntegerField()),
                ("scores", models.TextField()),
                ("total", models.FloatField()),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="store.scan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImageDeclined",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="declined",
                        to="store.scan",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="image",
            name="scan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="images", to="store.scan"
            ),
        ),
        migrations.CreateModel(
            name="ImageOffer",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("form", models.CharField(max_length=64)),
                ("visit", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField(default=0)),
                ("rule", models.CharField(max_length=64)),
                ("code", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=8)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.PositiveIntegerField()),
                ("frames", models.PositiveIntegerField()),
                ("on", models.DateField()),
                ("source", models.CharField(max_length=64)),
                ("steps", models.TextField()),
                ("warnings", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="offers",
                        to="store.participant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="image_offers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="offer_by_age")],
            },
        ),
        migrations.AddConstraint(
            model_name="scan",
            constraint=models.UniqueConstraint(
                fields=("participant", "form", "visit", "number", "rule"), name="one_scan"
            ),
        ),
        migrations.AddConstraint(
            model_name="imagereading",
            constraint=models.UniqueConstraint(
                fields=("scan", "content", "slot"), name="one_reading"
            ),
        ),
        migrations.AddConstraint(
            model_name="imagereading",
            constraint=models.UniqueConstraint(fields=("scan", "content", "by"), name="reads_once"),
        ),
        migrations.AddConstraint(
            model_name="imagedeclined",
            constraint=models.UniqueConstraint(fields=("scan", "by"), name="declines_once"),
        ),
        migrations.RunPython(on, off),
    ]
