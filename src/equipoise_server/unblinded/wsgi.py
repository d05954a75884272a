"""The unblinded process as a WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.unblinded.settings"
application = get_wsgi_application()
