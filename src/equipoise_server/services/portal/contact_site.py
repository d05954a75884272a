"""A message of somebody from the public to a site, acknowledged at once.

The person is sealed in the identity database; the store knows a token, a site and times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from equipoise.errors import FormIncomplete
from equipoise_server.identity.models import Enquirer
from equipoise_server.identity.sealing import blind, forget_keys, fresh_key, new_token, seal
from equipoise_server.services.letters import links, mail
from equipoise_server.services.portal.public_consent import give_consent
from equipoise_server.services.portal.public_limits import PER_ADDRESS, count
from equipoise_server.services.portal.volunteers import DATABASE, address_index
from equipoise_server.store.models import Enquiry
from equipoise_server.store.queries.recruiting import PublicSite, public_sites

LIMITS = {"name": 120, "address": 254, "phone": 40, "window": 80, "text": 4000}
SAME = timedelta(days=14)
FITS = ("fits", "does-not", "unknown", "")
_REGION = "CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote.

    `answers` are the pre-screening answers by criterion; they are kept only with `keep_answers`.
    """

    study: str
    site: str
    name: str
    address: str
    phone: str = ""
    window: str = ""
    text: str = ""
    language: str = "en"
    consent: bool = False
    fit: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    keep_answers: bool = False
    source: str = ""
    volunteer: str = ""


def contact_site(message: Message, *, at: datetime) -> str:
    """Keep a message, thank for it by mail; the token under which its sender sees its state.

    Raises:
        FormIncomplete: naming the fields.
        TooManyRequests: too many messages from this address in an hour.

    """
    site = _require_fitting(message)
    phone = normal_phone(message.phone)
    count("address", address_index(message.address), PER_ADDRESS, at=at)
    token = new_token()
    earlier = _earlier(message, phone, at)
    _seal(token, message, phone, at)
    try:
        with transaction.atomic():
            Enquiry.objects.create(
                token=token,
                study=message.study,
                site_id=message.site,
                language=message.language,
                source=message.source[:32],
                fit=message.fit if message.fit in FITS else "",
                received_at=at,
                acknowledged_at=at,
                duplicate_of=earlier,
            )
    except IntegrityError:
        Enquirer.objects.using(DATABASE).filter(pk=token).delete()
        forget_keys("enquirer", token)
        raise
    give_consent(token, "contact", language=message.language, channel="contact", at=at)
    _acknowledge(token, message, site)
    return token


def _require_fitting(message: Message) -> PublicSite:
    wrong = [name for name, most in LIMITS.items() if len(getattr(message, name)) > most]
    wrong += [name for name in ("name", "address") if not getattr(message, name).strip()]
    try:
        validate_email(message.address)
    except ValidationError:
        wrong.append("address")
    if message.phone.strip() and not normal_phone(message.phone):
        wrong.append("phone")
    if not message.consent:
        wrong.append("consent")
    site = next((one for one in public_sites() if one.code == message.site), None)
    if site is None or site.status == "closed":
        wrong.append("site")
    if wrong or site is None:
        raise FormIncomplete(tuple(dict.fromkeys(wrong)))
    return site


def normal_phone(written: str) -> str:
    """A telephone number in E.164, or "" where it is none."""
    try:
        number = phonenumbers.parse(written, _REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _earlier(message: Message, phone: str, at: datetime) -> str:
    """The token of an open message of the same person to the same site, or ""."""
    known = Enquirer.objects.using(DATABASE).filter(created_at__gt=at - SAME)
    same = set(
        known.filter(address_index=address_index(message.address)).values_list("pk", flat=True)
    )
    if phone:
        same |= set(known.filter(phone_index=blind("phone", phone)).values_list("pk", flat=True))
    found = Enquiry.objects.filter(token__in=same, site=message.site, closed_at__isnull=True)
    return found.order_by("received_at").values_list("token", flat=True).first() or ""


def _seal(token: str, message: Message, phone: str, at: datetime) -> None:
    key = fresh_key("enquirer", token)
    told = {
        "name": message.name.strip(),
        "address": message.address.strip(),
        "phone": phone,
        "window": message.window.strip(),
        "text": message.text.strip(),
    }
    answers = seal(key, message.answers, token, "answers") if message.keep_answers else None
    Enquirer.objects.using(DATABASE).create(
        token=token,
        sealed=seal(key, told, token, "enquirer"),
        sealed_answers=answers if message.answers else None,
        address_index=address_index(message.address),
        phone_index=blind("phone", phone) if phone else None,
        volunteer=message.volunteer,
        language=message.language,
        created_at=at,
    )


def _acknowledge(token: str, message: Message, site: PublicSite) -> None:
    mail.queue(
        template="contact-received",
        to=message.address.strip(),
        language=message.language,
        context={**named(site, message.language), "link": status_link(token, message.language)},
        key=f"contact-received/{token}",
    )


def named(site: PublicSite, language: str) -> dict[str, str]:
    """Site and person as letters name them."""
    fallback = "研究团队" if language == "zh-Hans" else "the study team"
    name = site.name.get(language) or site.name.get("en", site.code)
    return {"site": name, "person": site.contact_name or fallback}


def status_link(token: str, language: str) -> str:
    """The address at which a sender sees what became of the message."""
    where = "zh-hans" if language == "zh-Hans" else "en"
    return mail.link(f"/{where}/contact/status/{links.make('status', token)}/")
