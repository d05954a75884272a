"""The store as a Django app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from equipoise_server.sqlite.guard import close_door, open_door


class StoreConfig(AppConfig):
    """Study data, people of the study, ledger."""

    name = "equipoise_server.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Migrations, and nothing else, may change the schema."""
        from equipoise_server.store import checks  # noqa: F401 - registers itself

        pre_migrate.connect(_before, dispatch_uid="equipoise-schema-door-opens")
        post_migrate.connect(_after, dispatch_uid="equipoise-schema-door-closes")


def _before(using: str, **_: Any) -> None:
    open_door(using)


def _after(using: str, **_: Any) -> None:
    close_door(using)
