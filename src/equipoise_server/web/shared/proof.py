"""Proving anew who one is, for one act: password and second factor in the form of the act.

In the view of an act, on POST: `proof = prove(page, purpose, at=...)`, then hand the proof to
the service, which consumes it. In its template: `{% include "people/prove.html" %}` with
`prove_fields(page)` as `prove`. Or lead to `confirm_url(purpose, back)` and come back with
the proof kept in the session, which `prove` then finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from equipoise.errors import FactorRefused, FactorRequired, NotPermitted
from equipoise_server.services.access import fresh_factor, second_factor
from equipoise_server.store.models import User
from equipoise_server.web.shared import lockout
from equipoise_server.web.shared.factor_pages import factor_given, shown_code
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.passkeys import can_use_passkeys
from equipoise_server.web.shared.sign_in import demo_logins

_KEPT = "proofs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveFields:
    """What `people/prove.html` shows. `password` and `code` are of demonstrations alone."""

    username: str
    app: bool
    passkey: bool
    password: str
    code: str


def prove_fields(page: Page) -> ProveFields:
    """The fields with which the viewer proves who they are."""
    return fields_of(page, _viewer(page))


def fields_of(page: Page, user: User) -> ProveFields:
    """The fields with which this person proves who they are."""
    kinds = second_factor.kinds(user)
    login = next((one for one in demo_logins(page) if one.username == user.username), None)
    return ProveFields(
        username=user.username,
        app=second_factor.TOTP in kinds,
        passkey=second_factor.PASSKEY in kinds and can_use_passkeys(page.request),
        password=login.password if login else "",
        code=shown_code(page, user),
    )


def prove(page: Page, purpose: str, *, at: datetime) -> str:
    """A proof for one act, from the form that was sent or from the page of confirmation.

    Raises:
        FactorRequired: neither was given.
        FactorRefused: password or factor do not fit, or failed too often.

    """
    user, asked = _viewer(page), page.request.POST
    kept = _taken(page.request, purpose)
    if kept:
        return kept
    if not asked.get("password") or not (asked.get("code") or asked.get("credential")):
        raise FactorRequired(purpose)
    if lockout.closed(page.request, user.username):
        raise FactorRefused(purpose)
    if not user.check_password(asked["password"]) or not factor_given(page, user):
        lockout.count(page.request, user.username)
        raise FactorRefused(purpose)
    return fresh_factor.grant(by=user, purpose=purpose, at=at)


def confirm_url(purpose: str, back: str) -> str:
    """The page that asks for password and second factor, and then leads `back`."""
    return reverse("people:confirm") + "?" + urlencode({"purpose": purpose, "next": back})


def keep(request: HttpRequest, purpose: str, proof: str) -> None:
    """Keep a proof in the session until the act is sent."""
    request.session[_KEPT] = {**request.session.get(_KEPT, {}), purpose: proof}


def is_kept(request: HttpRequest, purpose: str) -> bool:
    """Whether a proof for this act is kept in the session."""
    return purpose in request.session.get(_KEPT, {})


def _taken(request: HttpRequest, purpose: str) -> str:
    kept = dict(request.session.get(_KEPT, {}))
    proof = str(kept.pop(purpose, ""))
    if proof:
        request.session[_KEPT] = kept
    return proof


def _viewer(page: Page) -> User:
    if page.viewer.user is None:
        raise NotPermitted("do this", "somebody who is signed in")
    return page.viewer.user
