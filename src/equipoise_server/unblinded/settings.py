"""Django's settings of the unblinded process.

It reads the same instance folder as the blinded one and shares nothing else with it: no cookie,
no key, no session, no log. `EQUIPOISE_UNBLINDED_SOCKET` names the allocator's other door,
`EQUIPOISE_UNBLINDED_DATABASE_URL` the store under this process's own role (`DATABASE_URL` where
there is none), `EQUIPOISE_UNBLINDED_LOG` its log file (`unblinded.log` in the instance folder).
It has neither the vault nor the identities. Sessions live in the memory of one process.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any

from equipoise_server import databases
from equipoise_server import settings as blinded


def _databases(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    url = environment.get("EQUIPOISE_UNBLINDED_DATABASE_URL", environment.get("DATABASE_URL", ""))
    found = databases.configure(blinded.EQUIPOISE_DIR, {"DATABASE_URL": url} if url else {})
    nowhere = {"ENGINE": "django.db.backends.dummy"}
    return {"default": found["default"], "vault": nowhere, "identity": nowhere}


HERE = blinded.PACKAGE / "unblinded"
SHARED = blinded.PACKAGE / "web" / "shared"
EQUIPOISE_DIR = blinded.EQUIPOISE_DIR
EQUIPOISE_STUDY = blinded.EQUIPOISE_STUDY
EQUIPOISE_ALLOCATOR_SOCKET = ""
EQUIPOISE_UNBLINDED_SOCKET = os.environ.get("EQUIPOISE_UNBLINDED_SOCKET", "")
EQUIPOISE_VAULT_KEY = EQUIPOISE_IDENTITY_KEY = EQUIPOISE_CHECKPOINT_KEY = ""
_LOG = os.environ.get("EQUIPOISE_UNBLINDED_LOG", str(EQUIPOISE_DIR / "unblinded.log"))
_HTTPS = os.environ.get("EQUIPOISE_HTTPS", "") == "1"

SECRET_KEY = secrets.token_hex(32)  # nothing that it signs outlives the process
DEBUG = False
ALLOWED_HOSTS = blinded.ALLOWED_HOSTS

DATABASES = _databases(os.environ)
DATABASE_ROUTERS = blinded.DATABASE_ROUTERS
DEFAULT_AUTO_FIELD = blinded.DEFAULT_AUTO_FIELD
AUTH_USER_MODEL = blinded.AUTH_USER_MODEL

INSTALLED_APPS = [
    "equipoise_server.store",
    "equipoise_server.vault",
    "equipoise_server.identity",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "equipoise_server.unblinded.urls"
WSGI_APPLICATION = "equipoise_server.unblinded.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates", SHARED / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "builtins": ["equipoise_server.web.shared.refusals"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
            ],
        },
    },
]

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SESSION_COOKIE_NAME = "equipoise_unblinded"
CSRF_COOKIE_NAME = "equipoise_unblinded_csrf"
CSRF_FAILURE_VIEW = "equipoise_server.unblinded.frame.not_ours"
LANGUAGE_COOKIE_NAME = "equipoise_unblinded_language"
SESSION_COOKIE_AGE = blinded.SESSION_COOKIE_AGE
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = blinded.SECURE_HSTS_SECONDS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = blinded.CONTENT_SECURITY_POLICY

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = blinded.LANGUAGES
LOCALE_PATHS = [HERE / "locale", SHARED / "locale"]
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static", SHARED / "static"]
WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s unblinded %(levelname)s %(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.FileHandler",
            "filename": _LOG,
            "delay": True,
            "formatter": "plain",
        }
    },
    "root": {"handlers": ["file"], "level": "WARNING"},
}
