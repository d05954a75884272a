from __future__ import annotations

from typing import Any

from django.db import migrations

from equipoise_server.store.append_only import allow, forbid


def on(apps: Any, schema_editor: Any) -> None:
    for statement in forbid(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    for statement in allow(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]
    operations = [migrations.RunPython(on, off)]
