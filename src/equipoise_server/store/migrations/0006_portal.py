from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from equipoise_server.store import listing_index


def on(apps: Any, schema_editor: Any) -> None:
    for statement in listing_index.make(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    for statement in listing_index.drop(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("store", "0005_finalising")]
    operations = [
        migrations.CreateModel(
            name="ReferralSource",
            fields=[
                ("code", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("label", models.CharField(max_length=120)),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SitePosting",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="posting",
                        serialize=False,
                        to="store.site",
                    ),
                ),
                ("status", models.CharField(default="recruiting", max_length=16)),
                ("contact_name", models.CharField(blank=True, default="", max_length=120)),
                ("contact_role", models.CharField(blank=True, default="", max_length=40)),
                ("phone", models.CharField(blank=True, default="", max_length=32)),
                ("mail", models.CharField(blank=True, default="", max_length=254)),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Enquiry",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("study", models.CharField(max_length=64)),
                ("language", models.CharField(max_length=16)),
                ("source", models.CharField(blank=True, default="", max_length=32)),
                ("fit", models.CharField(blank=True, default="", max_length=12)),
                ("received_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, default="", max_length=24)),
                ("escalated", models.PositiveSmallIntegerField(default=0)),
                ("duplicate_of", models.CharField(blank=True, default="", max_length=32)),
                ("participant", models.CharField(blank=True, default="", max_length=32)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="enquiries",
                        to="store.site",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EnquiryCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=150)),
                ("result", models.CharField(max_length=16)),
                (
                    "enquiry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="store.enquiry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("study", models.CharField(max_length=64, unique=True)),
                ("own", models.BooleanField(default=False)),
                ("posted", models.BooleanField(default=True)),
                ("status", models.CharField(max_length=24)),
                ("weight", models.IntegerField(default=0)),
                ("title", models.JSONField()),
                ("summary", models.TextField(blank=True, default="")),
                ("sponsor", models.CharField(blank=True, default="", max_length=300)),
                ("sex", models.CharField(default="all", max_length=8)),
                ("minimum_age", models.FloatField(blank=True, null=True)),
                ("maximum_age", models.FloatField(blank=True, null=True)),
                ("topics", models.JSONField(default=list)),
                ("places", models.JSONField(default=list)),
                ("words", models.TextField()),
                ("document", models.TextField(blank=True, default="")),
                ("posted_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("updated_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-weight", "-id"], name="listing_by_weight")],
            },
        ),
        migrations.CreateModel(
            name="PublicCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("step", models.CharField(max_length=24)),
                ("source", models.CharField(blank=True, default="", max_length=32)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("on", "step", "source"), name="public_count_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="enquiry",
            index=models.Index(fields=["site", "closed_at", "received_at"], name="enquiry_queue"),
        ),
        migrations.RunPython(on, off),
    ]
