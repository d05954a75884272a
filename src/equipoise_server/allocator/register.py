"""The register of those who may be told, and how they come to prove who they are.

People are entered where the vault is kept, and nowhere else. Whoever is entered gets a one-time
code on paper; with it they set a PIN themselves, at the unblinded process, which sends the
public half of its key. No message at any door enters anybody or changes anybody's roles.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from equipoise.digest import sha256
from equipoise.errors import LiveUseRefused, NotPermitted, UnknownRecord, listed, say
from equipoise_server.allocator import proof
from equipoise_server.allocator.ceremony import current
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.register_names import new_code, new_salt, release_name
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Credential, UnblindedPerson

CODE_LASTS = timedelta(days=7)
PASS_LASTS = timedelta(hours=12)

Held = tuple[tuple[str, tuple[str, ...] | None], ...]
"""Roles, each with its sites (None: all sites)."""


def enter(
    *,
    username: str,
    role: str,
    by: str,
    at: datetime,
    sites: Collection[str] | None = None,
    until: datetime | None = None,
) -> None:
    """Enter a person under a role; entering again changes sites and end. In the vault alone."""
    where = None if sites is None else sorted(sites)
    with vault_transaction():
        UnblindedPerson.objects.using(DATABASE).update_or_create(
            username=username,
            role=role,
            defaults={"sites": where, "until": until},
            create_defaults={"since": at, "sites": where, "until": until},
        )
        told: dict[str, object] = {"username": username, "role": role}
        told |= {} if where is None else {"sites": where}
        told |= {} if until is None else {"until": until.isoformat()}
        note("registered", by=by, at=at, payload=told)


def end(*, username: str, role: str, by: str, at: datetime) -> None:
    """End a person's role, and what they could prove themselves with where it was the last.

    Raises:
        UnknownRecord: the person does not hold it.

    """
    with vault_transaction():
        held = UnblindedPerson.objects.using(DATABASE).filter(username=username, role=role)
        if not held.filter(Q(until__isnull=True) | Q(until__gt=at)).update(until=at):
            raise UnknownRecord(
                say("role {role} of {username} to end", role=role, username=username)
            )
        if not roles_of(username, at):
            _end_credentials(username, ("code", "pin", "passkey", "pass"), at)
        note("role ended", by=by, at=at, payload={"username": username, "role": role})


def roles_of(person: str, at: datetime) -> Held:
    """What a person is entered as at `at`."""
    rows = UnblindedPerson.objects.using(DATABASE).filter(username=person, since__lte=at)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=at)).order_by("role")
    return tuple((row.role, None if row.sites is None else tuple(row.sites)) for row in rows)


def holds(held: Held, roles: Collection[str], site: str | None = None) -> bool:
    """Whether one of the roles is held, at `site` where one is named."""
    return any(
        role in roles and (site is None or sites is None or site in sites) for role, sites in held
    )


def require(held: Held, roles: Collection[str], step: str, site: str | None = None) -> None:
    """Refuse whoever does not hold one of the roles there.

    Raises:
        NotPermitted: naming the roles.

    """
    if not holds(held, roles, site):
        names = listed(sorted(roles), " or ")
        entered = "the role {roles}, entered in the vault"
        here = "the role {roles} for this site, entered in the vault"
        raise NotPermitted(step, say(entered if site is None else here, roles=names))


def give_code(*, person: str, by: str, at: datetime) -> str:
    """A one-time code with which the person sets a PIN; earlier codes and PINs end when it is used.

    Raises:
        UnknownRecord: nobody of that name is in the register.

    """
    if not roles_of(person, at):
        raise UnknownRecord(say("{person} in the vault's register", person=person))
    code = new_code()
    with vault_transaction():
        _end_credentials(person, ("code",), at)
        _keep(person, "code", code, at, at + CODE_LASTS)
        note("one-time code", by=by, at=at, payload={"username": person})
    return code


def give_release_codes(*, custodian: str, number: int, by: str, at: datetime) -> tuple[str, ...]:
    """Codes for a custodian to keep sealed; each opens one unblinding beyond the limits."""
    made = []
    with vault_transaction():
        for _ in range(number):
            code = new_code()
            _keep(custodian, "release", code, at, None, name=release_name(code))
            made.append(code)
        note("release codes", by=by, at=at, payload={"custodian": custodian, "number": number})
    return tuple(made)


def set_pin_of_demonstration(*, person: str, pin: str, at: datetime) -> None:
    """Give a person of a demonstration a PIN that its pages show.

    Raises:
        LiveUseRefused: this is no demonstration; there the person sets it alone.

    """
    if current().label != "demo":
        raise LiveUseRefused("a PIN is set by the person alone, with the one-time code")
    with vault_transaction():
        salt = new_salt()
        keep_pin(
            person=person, salt=salt, public_key=proof.public(proof.key_from(pin, salt)), at=at
        )


def keep_pin(*, person: str, salt: str, public_key: str, at: datetime) -> None:
    """Store the public half of a PIN's key in place of an earlier one. Call in a transaction."""
    _end_credentials(person, ("code", "pin", "passkey", "pass"), at)
    name = f"pin/{public_key}"
    Credential.objects.using(DATABASE).create(
        person=person, kind="pin", name=name, salt=salt, public_key=public_key, made_at=at
    )
    note("PIN set", by=person, at=at, payload={"public_key": public_key})


def keep_passkey(
    *, person: str, credential: str, public_key: str, instead: bool, at: datetime
) -> None:
    """Store a passkey; `instead` of all that the person had. Call in a transaction."""
    if instead:
        _end_credentials(person, ("code", "pin", "passkey", "pass"), at)
    Credential.objects.using(DATABASE).create(
        person=person,
        kind="passkey",
        name=passkey_name(credential),
        public_key=public_key,
        made_at=at,
    )
    note("passkey added", by=person, at=at, payload={"public_key": public_key})


def passkey_name(credential: str) -> str:
    """The name under which a passkey is kept: its own is up to 1,023 bytes long."""
    return f"passkey/{sha256(credential.encode())}"


def keep_pass(*, person: str, public_key: str, at: datetime) -> datetime:
    """Accept a session's key for a person; returns when it ends. Call in a transaction."""
    until = at + PASS_LASTS
    Credential.objects.using(DATABASE).create(
        person=person,
        kind="pass",
        name=f"pass/{public_key}",
        public_key=public_key,
        made_at=at,
        expires_at=until,
    )
    note("signed in", by=person, at=at, payload={"public_key": public_key})
    return until


def credentials(person: str, kinds: Collection[str], at: datetime) -> QuerySet[Credential]:
    """What a person can prove themselves with at `at`, newest first."""
    found = Credential.objects.using(DATABASE).filter(
        person=person, kind__in=kinds, ended_at__isnull=True
    )
    return found.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at)).order_by("-pk")


def release_of(code_name: str) -> Credential | None:
    """The release code of that name where it was not used."""
    return (
        Credential.objects.using(DATABASE)
        .filter(kind="release", name=code_name, ended_at__isnull=True)
        .first()
    )


def spend(credential: Credential, at: datetime) -> None:
    """A credential that was used up. Call in a transaction."""
    Credential.objects.using(DATABASE).filter(pk=credential.pk).update(ended_at=at)


def _keep(
    person: str, kind: str, code: str, at: datetime, until: datetime | None, name: str = ""
) -> None:
    salt = new_salt()
    public_key = proof.public(proof.key_from(code, salt))
    Credential.objects.using(DATABASE).create(
        person=person,
        kind=kind,
        name=name or f"{kind}/{public_key}",
        salt=salt,
        public_key=public_key,
        made_at=at,
        expires_at=until,
    )


def _end_credentials(person: str, kinds: Collection[str], at: datetime) -> None:
    Credential.objects.using(DATABASE).filter(
        person=person, kind__in=kinds, ended_at__isnull=True
    ).update(ended_at=at)
