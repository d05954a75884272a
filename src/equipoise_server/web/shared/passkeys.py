"""Passkeys: what the browser is asked, and what it answered. The ceremony is the library's."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse

from equipoise_server.store.models import User

LONGEST = 20_000


def can_use_passkeys(request: HttpRequest) -> bool:
    """Whether browsers make passkeys for this host: a name over TLS, or localhost."""
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def registration(user: User) -> JsonResponse:
    """What a browser needs to make a passkey that is verified by the device."""
    return JsonResponse(auth.begin_registration(user, passwordless=True))


def authentication(user: User | None) -> JsonResponse:
    """What a browser needs to use a passkey: of `user`, or of whoever holds one."""
    return JsonResponse(auth.begin_authentication(user))


def registered(answer: str) -> dict[str, Any] | None:
    """The credential that a browser made, or None where it does not fit what was asked."""
    try:
        credential = _read(answer)
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return None
    return credential


def proved(answer: str, user: User | None) -> User | None:
    """Who has used a passkey (`user` where given), or None where it does not fit."""
    try:
        response = _read(answer)
        auth.parse_authentication_response(response)
        person = user or auth.extract_user_from_response(response)
        found: Authenticator = auth.complete_authentication(person, response)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return None
    found.record_usage()
    return person if isinstance(person, User) and person.is_active else None


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST:
        raise ValueError("too long")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError("not an object")
    return read
