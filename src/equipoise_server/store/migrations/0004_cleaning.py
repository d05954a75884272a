from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from equipoise_server.store import append_only

FROZEN = ("store_coding", "store_importedfile")


def on(apps: Any, schema_editor: Any) -> None:
    for statement in append_only.freeze(schema_editor.connection.vendor, FROZEN):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in append_only.guards(vendor, FROZEN):
        where = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {name}{where}", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Coding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField()),
                ("record_version", models.PositiveIntegerField()),
                ("dictionary", models.CharField(max_length=64)),
                ("dictionary_version", models.CharField(max_length=32)),
                ("code", models.CharField(max_length=64)),
                ("term", models.JSONField()),
                ("path", models.CharField(blank=True, default="", max_length=400)),
                ("reason", models.TextField(blank=True, default="")),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Deviation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(max_length=16)),
                ("rule", models.CharField(blank=True, default="", max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("proposed", models.CharField(blank=True, default="", max_length=16)),
                ("form", models.CharField(blank=True, default="", max_length=64)),
                ("visit", models.CharField(blank=True, default="", max_length=64)),
                ("number", models.PositiveIntegerField(default=0)),
                ("on", models.DateField()),
                ("message", models.JSONField(default=dict)),
                ("status", models.CharField(default="open", max_length=16)),
                ("classification", models.CharField(blank=True, default="", max_length=16)),
                ("raised_by", models.CharField(blank=True, default="", max_length=150)),
                ("raised_at", models.DateTimeField()),
                ("classified_by", models.CharField(blank=True, default="", max_length=150)),
                ("classified_at", models.DateTimeField(blank=True, null=True)),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Dictionary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=16)),
                ("sha256", models.CharField(max_length=64)),
                ("terms", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DictionaryTerm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64)),
                ("text", models.CharField(max_length=400)),
                ("text_zh", models.CharField(blank=True, default="", max_length=400)),
                ("path", models.CharField(blank=True, default="", max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name="DictionaryToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("transfer", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("lines", models.PositiveIntegerField()),
                ("records", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("transfer", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("undone_version", models.PositiveIntegerField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="finding",
            name="accepted",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="finding",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="opened_by",
            field=models.CharField(blank=True, default="", max_length=150),
        ),
        migrations.AddField(
            model_name="finding",
            name="origin",
            field=models.CharField(default="check", max_length=16),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["state", "opened_at"], name="finding_by_age"),
        ),
        migrations.AddField(
            model_name="coding",
            name="record",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="codings",
                to="store.record",
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="participant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deviations",
                to="store.participant",
            ),
        ),
        migrations.AddConstraint(
            model_name="dictionary",
            constraint=models.UniqueConstraint(
                fields=("name", "version"), name="one_dictionary_version"
            ),
        ),
        migrations.AddField(
            model_name="dictionaryterm",
            name="dictionary",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="store.dictionary",
            ),
        ),
        migrations.AddField(
            model_name="dictionarytoken",
            name="dictionary",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="store.dictionary",
            ),
        ),
        migrations.AddField(
            model_name="dictionarytoken",
            name="term",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="store.dictionaryterm",
            ),
        ),
        migrations.AddConstraint(
            model_name="importedfile",
            constraint=models.UniqueConstraint(
                fields=("sha256", "transfer"), name="one_imported_file"
            ),
        ),
        migrations.AddField(
            model_name="verification",
            name="record",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications",
                to="store.record",
            ),
        ),
        migrations.AddConstraint(
            model_name="coding",
            constraint=models.UniqueConstraint(
                fields=("record", "item", "number"), name="one_coding"
            ),
        ),
        migrations.AddIndex(
            model_name="deviation",
            index=models.Index(fields=["status", "participant"], name="deviation_by_status"),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", "rule")),
                fields=("participant", "rule", "form", "visit", "number"),
                name="one_deviation",
            ),
        ),
        migrations.AddIndex(
            model_name="dictionaryterm",
            index=models.Index(fields=["dictionary", "code"], name="term_by_code"),
        ),
        migrations.AddIndex(
            model_name="dictionarytoken",
            index=models.Index(fields=["dictionary", "token"], name="term_by_token"),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("record", "item"),
                name="one_verification",
            ),
        ),
        migrations.RunPython(on, off),
    ]
