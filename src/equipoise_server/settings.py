"""Django's settings, read from the environment and the instance folder.

`EQUIPOISE_DIR` names the instance folder (default `./instance`), `DATABASE_URL` a PostgreSQL
server, `EQUIPOISE_IDENTITY_URL`, `EQUIPOISE_KEYS_URL` and `EQUIPOISE_VAULT_URL` others for
those databases,
`EQUIPOISE_ALLOCATOR_SOCKET` the allocator's process (`EQUIPOISE_UNBLINDED_SOCKET` its other
door), after which this process has no vault, `EQUIPOISE_HOSTS` the names the server answers to, `EQUIPOISE_HTTPS=1` that it is reached
through TLS, `EQUIPOISE_SMTP` the mail server (`smtp://user:password@host:port`, `smtp+starttls://`
or `smtps://`), `EQUIPOISE_MAIL_FROM` the sender, `EQUIPOISE_URL` the address in mailed links,
`EQUIPOISE_OFFICE_MAIL` who is told of messages that wait too long, `EQUIPOISE_PROXIES` how many
proxies of one's own stand before the server. Nothing is written on import: `commands.instance` makes instances.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from equipoise_server import databases, mail_server

PACKAGE = Path(__file__).resolve().parent
EQUIPOISE_DIR = Path(os.environ.get("EQUIPOISE_DIR", "instance")).resolve()
EQUIPOISE_ALLOCATOR_SOCKET = os.environ.get("EQUIPOISE_ALLOCATOR_SOCKET", "")
EQUIPOISE_UNBLINDED_SOCKET = os.environ.get("EQUIPOISE_UNBLINDED_SOCKET", "")
EQUIPOISE_UNBLINDED_URL = os.environ.get("EQUIPOISE_UNBLINDED_URL", "")
EQUIPOISE_VAULT_KEY = str(EQUIPOISE_DIR / "vault.key")
EQUIPOISE_IDENTITY_KEY = str(EQUIPOISE_DIR / "identity.key")
EQUIPOISE_CHECKPOINT_KEY = str(EQUIPOISE_DIR / "checkpoint.key")
EQUIPOISE_STUDY = str(EQUIPOISE_DIR / "study")
_SECRET = EQUIPOISE_DIR / "secret.key"
_HTTPS = os.environ.get("EQUIPOISE_HTTPS", "") == "1"

# Without an instance (making migrations, tests) a key that nobody can know and nothing keeps.
SECRET_KEY = _SECRET.read_text() if _SECRET.is_file() else secrets.token_hex(32)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("EQUIPOISE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

DATABASES = databases.configure(EQUIPOISE_DIR, os.environ)
DATABASE_ROUTERS = ["equipoise_server.databases.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "equipoise_server.store",
    "equipoise_server.vault",
    "equipoise_server.identity",
    "equipoise_server.keys",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rules",
    "csp",
    "post_office",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "equipoise_server.web.shared.methods.refuse_others",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "equipoise_server.urls"
WSGI_APPLICATION = "equipoise_server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": sorted((PACKAGE / "web").glob("*/templates")),
        "APP_DIRS": False,
        "OPTIONS": {
            "builtins": ["equipoise_server.web.shared.refusals"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

AUTH_USER_MODEL = "store.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "equipoise_server.store.accounts.PasswordBackend",
    "rules.permissions.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = "equipoise_server.store.accounts.pause"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# Of allauth only its authenticators are used; every page is ours, and none of its addresses exists.
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "equipoise_server.store.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # the device asks who holds it: two factors in one
MFA_TOTP_ISSUER = "equipoise"

SESSION_COOKIE_NAME = "equipoise"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

FILE_UPLOAD_HANDLERS = ["equipoise_server.web.shared.uploads.InMemory"]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = sorted((PACKAGE / "web").glob("*/locale"))
STATIC_URL = "static/"
STATICFILES_DIRS = sorted((PACKAGE / "web").glob("*/static"))
WHITENOISE_USE_FINDERS = True

_SMTP = mail_server.read(os.environ.get("EQUIPOISE_SMTP", ""))
EMAIL_HOST, EMAIL_PORT = _SMTP.host, _SMTP.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _SMTP.user, _SMTP.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _SMTP.starttls, _SMTP.tls
EMAIL_TIMEOUT = 10  # seconds; a server that stalls longer is left
DEFAULT_FROM_EMAIL = os.environ.get("EQUIPOISE_MAIL_FROM", "equipoise@localhost")
EQUIPOISE_PROXIES = int(os.environ.get("EQUIPOISE_PROXIES", "0"))
EQUIPOISE_OFFICE_MAIL = os.environ.get("EQUIPOISE_OFFICE_MAIL", "")
EQUIPOISE_URL = os.environ.get("EQUIPOISE_URL", "http://127.0.0.1:8000").rstrip("/")
EQUIPOISE_LETTERS = sorted((PACKAGE / "web").glob("*/letters"))
POST_OFFICE = {"LOG_LEVEL": 2}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
