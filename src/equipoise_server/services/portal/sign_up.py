"""Sign up as a volunteer: an address, fields of interest, a rhythm. Nothing counts until confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from equipoise.errors import FormIncomplete, LinkInvalid
from equipoise.exchange.topics import topics
from equipoise_server.identity.models import Interest, Volunteer
from equipoise_server.identity.sealing import forget_keys, fresh_key, new_token, seal
from equipoise_server.services.letters import links, mail
from equipoise_server.services.portal.public_consent import give_consent
from equipoise_server.services.portal.public_limits import PER_ADDRESS, count
from equipoise_server.services.portal.volunteers import DATABASE, RHYTHMS, address_index, by_address

UNCONFIRMED = timedelta(days=7)
"""How long an address that was never confirmed is kept."""
MOST_TOPICS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody filled in."""

    address: str
    name: str = ""
    topics: tuple[str, ...] = ()
    rhythm: str = "digest"
    consents: tuple[str, ...] = ()
    language: str = "en"


def sign_up(wish: Wish, *, at: datetime) -> None:
    """Keep a wish and mail the link that confirms it.

    Somebody who is known already gets a link to sign in instead; the page says the same either
    way, so that nobody learns here who is registered.

    Raises:
        FormIncomplete: naming the fields.
        TooManyRequests: too many letters to this address in an hour.

    """
    _require_fitting(wish)
    count("address", address_index(wish.address), PER_ADDRESS, at=at)
    found = by_address(wish.address)
    if found is not None and found.confirmed_at is not None:
        mail_entry(found, wish.address, wish.language, at=at)
        return
    token = _keep(found, wish, at)
    mail_link("confirm", token, wish.address, wish.language, at=at)


def _require_fitting(wish: Wish) -> None:
    wrong = []
    try:
        validate_email(wish.address)
    except ValidationError:
        wrong.append("address")
    if len(wish.address) > 254 and "address" not in wrong:
        wrong.append("address")
    if not 0 < len(wish.topics) <= MOST_TOPICS or any(one not in topics() for one in wish.topics):
        wrong.append("topics")
    if wish.rhythm not in RHYTHMS:
        wrong.append("rhythm")
    if len(wish.name) > 120:
        wrong.append("name")
    if "alerts" not in wish.consents:
        wrong.append("alerts")
    if wrong:
        raise FormIncomplete(tuple(wrong))


def _keep(found: Volunteer | None, wish: Wish, at: datetime) -> str:
    token = found.token if found else new_token()
    key = fresh_key("volunteer", token)
    told = {"address": wish.address.strip(), "name": wish.name.strip()}
    with transaction.atomic(using=DATABASE):
        Volunteer.objects.using(DATABASE).update_or_create(
            pk=token,
            defaults={
                "sealed": seal(key, told, token, "volunteer"),
                "address_index": address_index(wish.address),
                "language": wish.language,
                "rhythm": wish.rhythm,
                "created_at": at,
            },
        )
        set_topics(token, wish.topics)
    for purpose in wish.consents:
        give_consent(token, purpose, language=wish.language, channel="sign-up", at=at)
    return token


def set_topics(token: str, wanted: Sequence[str]) -> None:
    """Make these the fields of interest; unknown ones are left out."""
    chosen = [one for one in dict.fromkeys(wanted) if one in topics()][:MOST_TOPICS]
    with transaction.atomic(using=DATABASE):
        Interest.objects.using(DATABASE).filter(volunteer_id=token).delete()
        Interest.objects.using(DATABASE).bulk_create(
            Interest(volunteer_id=token, topic=one) for one in chosen
        )


def confirm(signed: str, *, at: datetime) -> str:
    """Confirm an address; the token. A second time changes nothing.

    Raises:
        LinkInvalid: forged or older than 48 hours, or the address was dropped meanwhile.

    """
    token = links.read("confirm", signed)
    rows = Volunteer.objects.using(DATABASE).filter(pk=token, sealed__isnull=False)
    rows.filter(confirmed_at__isnull=True).update(confirmed_at=at, last_seen_at=at)
    if not rows.exists():
        raise LinkInvalid("the address was not confirmed in time and has been dropped")
    return token


def ask_to_enter(address: str, language: str, *, at: datetime) -> None:
    """Mail a link to sign in, if the address is known; the caller cannot tell.

    Raises:
        TooManyRequests: too many letters to this address in an hour.

    """
    count("address", address_index(address), PER_ADDRESS, at=at)
    found = by_address(address)
    if found is not None and found.confirmed_at is not None:
        mail_entry(found, address, language, at=at)


def mail_entry(found: Volunteer, address: str, language: str, *, at: datetime) -> None:
    """Mail the link that opens the workspace once."""
    mail_link("enter", found.token, address, language, at=at)


def mail_link(purpose: str, token: str, address: str, language: str, *, at: datetime) -> None:
    """Mail a signed link of the volunteer pages."""
    where = "zh-hans" if language == "zh-Hans" else "en"
    signed = links.make(purpose, token)
    there = mail.link(f"/{where}/volunteer/{purpose}/{signed}/")
    mail.queue(
        template=purpose,
        to=address.strip(),
        language=language,
        context={"server": mail.link("/"), "link": there},
        key=f"{purpose}/{token}/{int(at.timestamp() * 1000)}",
    )


def purge_unconfirmed(*, at: datetime) -> int:
    """Delete whoever did not confirm within 7 days; how many."""
    from equipoise_server.identity.models import Permission

    old = Volunteer.objects.using(DATABASE).filter(
        confirmed_at__isnull=True, erased_at__isnull=True, created_at__lt=at - UNCONFIRMED
    )
    tokens = list(old.values_list("token", flat=True))
    Permission.objects.using(DATABASE).filter(person__in=tokens).delete()
    old.delete()
    forget_keys("volunteer", *tokens)
    return len(tokens)
