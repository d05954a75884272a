"""Identities as a Django app with its own database."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Names and contacts, encrypted per person."""

    name = "equipoise_server.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"
