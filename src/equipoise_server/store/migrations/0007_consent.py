from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import equipoise_server.store.fields
from equipoise_server.store import append_only

TABLES = ("store_consentgiven", "store_resultsrelease")


def on(apps: Any, schema_editor: Any) -> None:
    for statement in append_only.freeze(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in append_only.guards(vendor, TABLES):
        on_table = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}", params=None)


class Migration(migrations.Migration):
    dependencies = [("store", "0006_portal")]
    operations = [
        migrations.CreateModel(
            name="ConsentTalk",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("document", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                ("language", models.CharField(max_length=16)),
                ("digest", models.CharField(max_length=64)),
                ("mode", models.CharField(max_length=8)),
                ("capacity", models.CharField(max_length=16)),
                ("witness", models.BooleanField(default=False)),
                ("interpreter", models.BooleanField(default=False)),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                ("read", models.JSONField(default=list)),
                ("answers", models.JSONField(default=list)),
                ("asked", models.PositiveSmallIntegerField(default=0)),
                ("told", models.PositiveSmallIntegerField(default=0)),
                ("wishes", models.JSONField(default=list)),
                ("signed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, default="", max_length=16)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="talks",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ResultsRelease",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("texts", models.JSONField()),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
            ],
        ),
        migrations.CreateModel(
            name="ProblemReport",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("urgent", models.BooleanField(default=False)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "answered_at",
                    models.DateTimeField(null=True),
                ),
                ("answered_by", models.CharField(blank=True, default="", max_length=150)),
                ("escalated", models.PositiveSmallIntegerField(default=0)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="problems",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ResultsDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=12)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                ("opened_at", models.DateTimeField(null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="store.participant",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sent",
                        to="store.resultsrelease",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WithdrawalWish",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("level", models.CharField(max_length=16)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leaving",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentGiven",
            fields=[
                (
                    "talk",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="store.consenttalk",
                    ),
                ),
                ("content", models.TextField()),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="given",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="consenttalk",
            index=models.Index(fields=["participant", "ended_at"], name="talk_by_participant"),
        ),
        migrations.AddIndex(
            model_name="problemreport",
            index=models.Index(fields=["answered_at", "at"], name="problem_open"),
        ),
        migrations.AddConstraint(
            model_name="resultsdelivery",
            constraint=models.UniqueConstraint(
                fields=("release", "participant"), name="results_once"
            ),
        ),
        migrations.RunPython(on, off),
    ]
