"""The vault as a Django app with its own database."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Allocations, sealed slots, kit contents."""

    name = "equipoise_server.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
