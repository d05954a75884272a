"""The blinded web process as a WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "equipoise_server.settings")
application = get_wsgi_application()

from equipoise_server import databases  # noqa: E402 - settings come first

databases.refuse_unsafe()
