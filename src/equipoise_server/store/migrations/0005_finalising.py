from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import equipoise_server.store.fields
from equipoise_server.store.append_only import freeze, guards

TABLES = (
    "store_signatureact",
    "store_signature",
    "store_signaturevoid",
    "store_amendment",
    "store_siteversion",
    "store_participantversion",
    "store_boarddecision",
)
_PROTECT = django.db.models.deletion.PROTECT


def _id() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def _instant() -> equipoise_server.store.fields.InstantField:
    return equipoise_server.store.fields.InstantField(max_length=27)


def on(apps: Any, schema_editor: Any) -> None:
    for statement in freeze(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in guards(vendor, TABLES):
        where = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {name}{where}", params=None)


class Migration(migrations.Migration):
    dependencies = [("store", "0004_cleaning")]
    operations = [
        migrations.CreateModel(
            name="SignatureAct",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=150)),
                ("name", models.CharField(max_length=200)),
                ("role", models.CharField(max_length=40)),
                ("rule", models.CharField(blank=True, default="", max_length=64)),
                ("meaning", models.TextField()),
                ("at", _instant()),
                ("seal", models.CharField(max_length=128)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=_PROTECT,
                        related_name="signature_acts",
                        to="store.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", _id()),
                (
                    "act",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="signatures", to="store.signatureact"
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="signatures", to="store.record"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="signatures", to="store.recordversion"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("act", "version"), name="one_signature")
                ],
            },
        ),
        migrations.CreateModel(
            name="SignatureVoid",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=_PROTECT,
                        primary_key=True,
                        related_name="void",
                        serialize=False,
                        to="store.signature",
                    ),
                ),
                ("by", models.CharField(max_length=150)),
                ("at", _instant()),
                ("reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Lock",
            fields=[
                ("id", _id()),
                ("scope", models.CharField(max_length=16)),
                ("site", models.CharField(max_length=32)),
                ("participant", models.CharField(blank=True, default="", max_length=32)),
                ("visit", models.CharField(blank=True, default="", max_length=64)),
                ("form", models.CharField(blank=True, default="", max_length=64)),
                ("number", models.PositiveIntegerField(default=0)),
                ("at", _instant()),
            ],
            options={
                "indexes": [models.Index(fields=["participant"], name="lock_by_participant")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "participant", "visit", "form", "number", "scope"),
                        name="one_lock",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", _id()),
                ("step", models.CharField(max_length=40)),
                ("body", models.TextField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_by", models.CharField(blank=True, default="", max_length=150)),
                ("outcome", models.CharField(blank=True, default="", max_length=16)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=_PROTECT,
                        related_name="proposals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["outcome", "at"], name="proposal_open")],
            },
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                (
                    "study",
                    models.OneToOneField(
                        on_delete=_PROTECT,
                        primary_key=True,
                        related_name="amendment",
                        serialize=False,
                        to="store.studyversion",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="followed_by", to="store.studyversion"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("changes", models.TextField()),
                ("lenses", models.TextField()),
                ("rehearsal", models.TextField()),
                ("needs_reconsent", models.BooleanField()),
                ("by", models.CharField(max_length=150)),
                ("at", _instant()),
            ],
        ),
        migrations.CreateModel(
            name="SiteVersion",
            fields=[
                ("id", _id()),
                (
                    "site",
                    models.ForeignKey(on_delete=_PROTECT, related_name="versions", to="store.site"),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="+", to="store.studyversion"
                    ),
                ),
                ("on", equipoise_server.store.fields.DayField(max_length=10)),
                ("by", models.CharField(max_length=150)),
                ("at", _instant()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "study"), name="one_activation")
                ],
            },
        ),
        migrations.CreateModel(
            name="ParticipantVersion",
            fields=[
                ("id", _id()),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="moves", to="store.participant"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=_PROTECT, related_name="+", to="store.studyversion"
                    ),
                ),
                ("why", models.CharField(max_length=16)),
                ("by", models.CharField(max_length=150)),
                ("at", _instant()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("participant", "study"), name="one_move")
                ],
            },
        ),
        migrations.CreateModel(
            name="BoardDecision",
            fields=[
                ("id", _id()),
                ("about", models.CharField(max_length=64)),
                ("opens", models.BooleanField()),
                ("reviewed", models.PositiveIntegerField()),
                ("words", models.TextField()),
                ("by", models.CharField(max_length=150)),
                ("at", _instant()),
            ],
        ),
        migrations.RunPython(on, off),
    ]
