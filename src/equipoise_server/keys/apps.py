"""Keys of persons as a Django app with its own database."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """One wrapped key per person."""

    name = "equipoise_server.keys"
    label = "keys"
    default_auto_field = "django.db.models.BigAutoField"
