from __future__ import annotations

from typing import Any

from django.db import migrations, models

from equipoise_server.store import append_only

ASSERTIONS = "vault_assertion"
CREDENTIALS = "vault_credential"
_KEPT = ("id", "person", "kind", "name", "salt", "public_key", "made_at")
CHANGED = " OR ".join(
    [f"OLD.{name} <> NEW.{name}" for name in _KEPT]
    + ["OLD.ended_at IS NOT NULL", "OLD.expires_at <> NEW.expires_at"]
    + ["(OLD.expires_at IS NULL) <> (NEW.expires_at IS NULL)"]
)


def on(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    why = "a credential stays as it was made"
    for statement in (
        *append_only.freeze(vendor, (ASSERTIONS,)),
        append_only.keep_columns(vendor, CREDENTIALS, CHANGED, why),
        *append_only.keep_rows(vendor, CREDENTIALS),
    ):
        schema_editor.execute(statement, params=None)


def off(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, table in append_only.guards(vendor, (ASSERTIONS, CREDENTIALS)):
        on_table = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {name}{on_table}", params=None)


_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_append_only")]
    operations = [
        migrations.AddField("unblindedperson", "sites", models.JSONField(null=True)),
        migrations.AddField("unblindedperson", "until", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", _ID),
                ("person", models.CharField(max_length=150)),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=200, unique=True)),
                ("salt", models.CharField(blank=True, default="", max_length=64)),
                ("public_key", models.CharField(max_length=2000)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["person", "kind"], name="credentials_of")],
            },
        ),
        migrations.CreateModel(
            name="Assertion",
            fields=[
                ("id", _ID),
                ("nonce", models.CharField(max_length=120, unique=True)),
                ("person", models.CharField(max_length=150)),
                ("verb", models.CharField(max_length=40)),
                ("asked", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("good", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["person", "at"], name="assertions_of")],
            },
        ),
        migrations.RunPython(on, off),
    ]
