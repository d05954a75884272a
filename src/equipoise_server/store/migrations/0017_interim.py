"""The data of interim analyses; what the board decided after one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models

import equipoise_server.store.fields
from equipoise_server.store import append_only

CUT, DECISION = "store_interimcut", "store_boarddecision"


def on(apps: Any, schema_editor: Any) -> None:
    """A new column makes SQLite write the table anew, which loses its triggers."""
    vendor = schema_editor.connection.vendor
    for statement in (*_off(vendor, (DECISION,)), *append_only.freeze(vendor, (CUT, DECISION))):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    for statement in _off(schema_editor.connection.vendor, (CUT,)):
        schema_editor.execute(statement, params=None)


def frozen_again(apps: Any, schema_editor: Any) -> None:
    """Going back writes the table anew too."""
    vendor = schema_editor.connection.vendor
    for statement in (*_off(vendor, (DECISION,)), *append_only.freeze(vendor, (DECISION,))):
        schema_editor.execute(statement, params=None)


def nothing(apps: Any, schema_editor: Any) -> None:
    """Only the way back has something to do here."""


def _off(vendor: str, tables: tuple[str, ...]) -> Iterator[str]:
    for name, table in append_only.guards(vendor, tables):
        on_table = f" ON {table}" if vendor == "postgresql" else ""
        yield f"DROP TRIGGER IF EXISTS {name}{on_table}"


class Migration(migrations.Migration):
    dependencies = [("store", "0016_approvals")]

    operations = [
        migrations.RunPython(nothing, frozen_again),
        migrations.CreateModel(
            name="InterimCut",
            fields=[
                ("look", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("document", models.TextField()),
                ("head", models.CharField(max_length=64)),
                ("by", models.CharField(max_length=150)),
                ("at", equipoise_server.store.fields.InstantField(max_length=27)),
            ],
        ),
        migrations.AddField(
            "boarddecision", "decision", models.CharField(blank=True, default="", max_length=16)
        ),
        migrations.RunPython(on, off),
    ]
