"""Roles and invitations, for the administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from equipoise.errors import EquipoiseError, FormIncomplete, NotPermitted, UnknownRecord, say
from equipoise.protocol import roles
from equipoise_server.services.access import permissions, second_factor
from equipoise_server.services.access.appoint import appoint, dismiss
from equipoise_server.services.access.invite import LASTS, Invited, invite, withdraw_invitation
from equipoise_server.services.letters import mail
from equipoise_server.store.models import User
from equipoise_server.store.queries import people as queries
from equipoise_server.store.queries import trial as trials
from equipoise_server.web.people import frame
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.words import ROLES, Words

LONGEST = {"username": 150, "full_name": 200, "address": 254}


@page_for("people")
def home(page: Page) -> HttpResponse:
    """Lead to the first page about people that is open to the viewer."""
    return HttpResponseRedirect(frame.tabs(page)[0].url)


@page_for("staff")
def members(page: Page) -> HttpResponse:
    """Everybody with a user name, their roles, and open invitations."""
    return _members(page)


def _members(
    page: Page, *, error: EquipoiseError | None = None, link: str = "", mailed: str = ""
) -> HttpResponse:
    at = frame.now()
    everybody = [
        (one, [(ROLES.get(held.role, held.role), held) for held in one.roles])
        for one in queries.people(at)
    ]
    find = page.request.GET.get("find", "").strip()[:100]
    context: dict[str, Any] = {
        "everybody": everybody,
        "people": [(one, held) for one, held in everybody if _fits(find, one, held)],
        "find": find,
        "invitations": [(one, ROLES.get(one.role, one.role)) for one in queries.invitations(at)],
        "roles": frame.role_words(roles.ROLES),
        "sites": [one.code for one in trials.sites()],
        "link": link,
        "mailed": mailed,
        "days": LASTS.days,
        "key": frame.new_key(),
        "asked": page.request.POST if error else {},
    }
    return frame.show(page, "people/members.html", context, error=error)


def _fits(find: str, one: queries.Person, held: list[tuple[Words, queries.RoleHeld]]) -> bool:
    """Whether every word of what is looked for stands in a name, a role held or its site."""
    roles_held = [f"{words} {line.role} {line.site}" for words, line in held]
    text = " ".join([one.full_name, one.username, *roles_held]).casefold()
    return all(word in text for word in find.casefold().split())


def _typed(page: Page, name: str) -> str:
    """One field, tidied.

    Raises:
        FormIncomplete: it is empty or too long.

    """
    text = " ".join(page.request.POST.get(name, "").split())
    if not text or len(text) > LONGEST.get(name, 200):
        raise FormIncomplete((name.replace("_", " "),))
    return text


def _place(page: Page) -> str | None:
    return page.request.POST.get("site", "") or None


@require_POST
@page_for("staff")
def invite_somebody(page: Page) -> HttpResponse:
    """Invite somebody new; the link is shown once, and mailed where an address is given."""
    made: list[str] = []
    at, asked = frame.now(), page.request.POST

    def work() -> None:
        invited = Invited(
            username=_typed(page, "username"),
            full_name=_typed(page, "full_name"),
            role=asked.get("role", ""),
            site=_place(page),
            language="zh-hans" if asked.get("language") == "zh-hans" else "en",
            address=asked.get("address", "").strip()[:254],
            until=frame.end_of(asked.get("until", ""), frame.zone(_place(page))),
        )
        _require_sound(invited)
        made.append(invite(invited, by=frame.me(page), at=at, key=frame.key_of(page)))
        if made[0]:
            made[0] = page.request.build_absolute_uri(reverse("people:invitation", args=made))
            _mail(invited, made[0], frame.key_of(page))

    error = frame.attempt(work)
    address = asked.get("address", "").strip()
    return _members(page, error=error, link=made[0] if made and not error else "", mailed=address)


def _require_sound(invited: Invited) -> None:
    """User names are plain: letters, digits, dot, hyphen, underscore."""
    if not all(one.isalnum() or one in ".-_" for one in invited.username):
        needs = "a user name of letters, digits, dots, hyphens and underscores"
        raise NotPermitted(say("invite {username}", username=invited.username), needs)
    try:
        validate_email(invited.address or "nobody@example.org")
    except ValidationError as problem:
        raise FormIncomplete(("e-mail address",)) from problem


def _mail(invited: Invited, link: str, key: str) -> None:
    if invited.address:
        context = {"name": invited.full_name, "link": link, "days": str(LASTS.days)}
        language = "zh-Hans" if invited.language == "zh-hans" else "en"
        mail.queue(
            template="invitation",
            to=invited.address,
            language=language,
            context=context,
            key=f"invitation/{key}"[:100],
        )


@require_POST
@page_for("staff")
def withdraw(page: Page) -> HttpResponse:
    """Make an invitation void."""
    number = page.request.POST.get("invitation", "")
    return _done(
        page,
        "withdrawn",
        lambda: withdraw_invitation(_number(number), by=frame.me(page), at=frame.now()),
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise UnknownRecord("that line")
    return int(text)


def _done(page: Page, what: str, work: Callable[[], object]) -> HttpResponse:
    error = frame.attempt(work)
    if error is not None:
        return _members(page, error=error)
    return HttpResponseRedirect(reverse("people:members") + f"?done={what}")


@require_POST
@page_for("staff")
def appoint_again(page: Page) -> HttpResponse:
    """Give somebody who is known a role, for the first time or again."""
    asked = page.request.POST

    def work() -> None:
        person = User.objects.filter(username=asked.get("username", "")).first()
        if person is None:
            raise UnknownRecord("that person")
        appoint(
            username=person.username,
            full_name=person.full_name,
            role=asked.get("role", ""),
            site=_place(page),
            until=frame.end_of(asked.get("until", ""), frame.zone(_place(page))),
            by=frame.me(page),
            at=frame.now(),
            key=frame.key_of(page),
        )

    return _done(page, "appointed", work)


@require_POST
@page_for("staff")
def end(page: Page) -> HttpResponse:
    """End a role now; the person's sessions end with the next request."""
    asked = page.request.POST
    name, role = asked.get("username", ""), asked.get("role", "")

    def work() -> None:
        if (name, role) == (frame.me(page).username, "administrator"):
            raise NotPermitted("end your own role", "another administrator")
        dismiss(
            username=name,
            role=role,
            site=_place(page),
            by=frame.me(page),
            at=frame.now(),
            key=frame.key_of(page),
        )

    return _done(page, "ended", work)


@require_POST
@page_for("staff")
def reset(page: Page) -> HttpResponse:
    """Take all second factors of somebody away, who lost them."""

    def work() -> None:
        person = User.objects.filter(username=page.request.POST.get("username", "")).first()
        if person is None:
            raise UnknownRecord("that person")
        with connection.cursor() as cursor:
            permissions.require(cursor, "reset second factors", by=frame.me(page), at=frame.now())
        second_factor.reset(person, by=frame.me(page), at=frame.now())

    return _done(page, "reset", work)
