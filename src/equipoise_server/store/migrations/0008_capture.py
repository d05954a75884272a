from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from equipoise_server.store import append_only

FROZEN = ("store_attachedfile", "store_maskedread")
_PROTECT = django.db.models.deletion.PROTECT
_CASCADE = django.db.models.deletion.CASCADE


def on(_apps: Any, schema: Any) -> None:
    for statement in append_only.freeze(schema.connection.vendor, FROZEN):
        schema.execute(statement)


def off(_apps: Any, schema: Any) -> None:
    for name, table in append_only.guards(schema.connection.vendor, FROZEN):
        on_table = f" ON {table}" if schema.connection.vendor == "postgresql" else ""
        schema.execute(f"DROP TRIGGER {name}{on_table}")


def _id() -> models.BigAutoField[Any, Any]:
    return models.BigAutoField(primary_key=True, serialize=False)


def _place(delete: Any) -> list[tuple[str, Any]]:
    return [
        ("participant", models.ForeignKey(on_delete=delete, to="store.participant")),
        ("form", models.CharField(max_length=64)),
        ("visit", models.CharField(max_length=64)),
        ("number", models.PositiveIntegerField(default=0)),
    ]


def _one(name: str, *more: str) -> models.UniqueConstraint:
    fields = ("participant", "form", "visit", "number", *more)
    return models.UniqueConstraint(fields=fields, name=name)


class Migration(migrations.Migration):
    dependencies = [("store", "0007_consent")]
    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", _id()),
                *_place(_CASCADE),
                ("version", models.PositiveIntegerField(default=0)),
                ("key", models.CharField(max_length=200)),
                ("said", models.TextField()),
                ("at", models.DateTimeField()),
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
        migrations.CreateModel(
            name="AttachedFile",
            fields=[
                ("id", _id()),
                *_place(_PROTECT),
                ("digest", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("size", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=100)),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
            options={"constraints": [_one("one_attachment", "digest")]},
        ),
        migrations.CreateModel(
            name="MaskedRead",
            fields=[
                ("id", _id()),
                *_place(_PROTECT),
                ("turn", models.PositiveSmallIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("answers", models.TextField()),
            ],
            options={
                "constraints": [_one("one_read_a_turn", "turn"), _one("one_turn_a_reader", "by")]
            },
        ),
        migrations.RunPython(on, off),
    ]
