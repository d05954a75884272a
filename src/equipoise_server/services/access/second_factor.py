"""Second factors of staff: enrolling, checking, removing. Each change stands in the ledger.

A code of an authenticator app counts once: the step of time it belongs to is kept, and no
code of that step or an earlier one is taken again. Recovery codes count once each.
"""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.db import connection

from equipoise.errors import AlreadyRecorded, NotPermitted, UnknownRecord
from equipoise_server.services.request import whole
from equipoise_server.store import factors, ledger
from equipoise_server.store.models import User

TOTP = Authenticator.Type.TOTP
PASSKEY = Authenticator.Type.WEBAUTHN
RECOVERY = Authenticator.Type.RECOVERY_CODES
PERIOD = 30  # seconds that a code lasts
DRIFT = 1  # steps by which a clock may be wrong
_LONGEST = 20


def kinds(user: User) -> frozenset[str]:
    """Which second factors somebody has; recovery codes alone are none."""
    found = Authenticator.objects.filter(user=user).exclude(type=RECOVERY)
    return frozenset(found.values_list("type", flat=True))


def new_secret() -> str:
    """A secret for an authenticator app, in Base32."""
    return str(generate_totp_secret())


def code_at(secret: str, at: datetime, *, later: int = 0) -> str:
    """What an authenticator app with `secret` shows at `at`, or `later` steps after it."""
    return str(format_hotp_value(hotp_value(secret, _step(at) + later)))


def check(user: User, code: str, *, at: datetime, once: bool = True) -> str:
    """The kind of factor that `code` proves, "" for none; the code is used up.

    `once` False lets a code of an app count again within its time: for demonstrations, which
    show their codes to everybody.
    """
    typed = "".join(code.split()).replace("-", "")
    if not typed.isascii() or not typed.isdecimal() or len(typed) > _LONGEST:
        return ""
    with whole():
        if _app_shows(user, typed, at, once):
            return str(TOTP)
        recovery = Authenticator.objects.filter(user=user, type=RECOVERY).first()
        if recovery is not None and RecoveryCodes(recovery).validate_code(typed):
            recovery.record_usage()
            return str(RECOVERY)
    return ""


def _app_shows(user: User, typed: str, at: datetime, once: bool) -> bool:
    app = Authenticator.objects.select_for_update().filter(user=user, type=TOTP).first()
    if app is None:
        return False
    step = _matching(factors.decrypt(app.data["secret"]), typed, at)
    if step is None or (once and step <= app.data.get("step", 0)):
        return False
    app.data["step"] = step
    app.last_used_at = at
    app.save(update_fields=["data", "last_used_at"])
    return True


def _matching(secret: str, typed: str, at: datetime) -> int | None:
    now = _step(at)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if compare_digest(str(format_hotp_value(hotp_value(secret, step))), typed):
            return step
    return None


def _step(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD


def shows(secret: str, code: str, *, at: datetime) -> bool:
    """Whether an app with `secret`, not enrolled yet, shows `code` at `at`."""
    typed = "".join(code.split())
    return typed.isascii() and _matching(secret, typed, at) is not None


def enrol_app(user: User, secret: str, *, at: datetime) -> tuple[str, ...]:
    """Give somebody an authenticator app; new recovery codes where there were none.

    Raises:
        AlreadyRecorded: there is one already.

    """
    with whole():
        if Authenticator.objects.filter(user=user, type=TOTP).exists():
            raise AlreadyRecorded(user.username, "an authenticator app")
        data = {"secret": factors.encrypt(secret)}
        Authenticator.objects.create(user=user, type=TOTP, data=data, created_at=at)
        _note(user, "factor-added", str(TOTP), at)
        return _first_codes(user, at)


def enrol_passkey(
    user: User, name: str, credential: dict[str, object], *, at: datetime
) -> tuple[str, ...]:
    """Give somebody a passkey that a browser has just made; new recovery codes if none."""
    with whole():
        data = {"name": name[:100], "credential": credential}
        Authenticator.objects.create(user=user, type=PASSKEY, data=data, created_at=at)
        _note(user, "factor-added", str(PASSKEY), at)
        return _first_codes(user, at)


def renew_codes(user: User, *, at: datetime) -> tuple[str, ...]:
    """New recovery codes; the old ones are void."""
    with whole():
        Authenticator.objects.filter(user=user, type=RECOVERY).delete()
        _note(user, "factor-added", str(RECOVERY), at)
        made: RecoveryCodes = RecoveryCodes.activate(user)
        return tuple(made.generate_codes())


def remove(user: User, number: int, *, at: datetime) -> None:
    """Take one factor away.

    Raises:
        UnknownRecord: there is no such factor.
        NotPermitted: it is the last one, without which nobody signs in.

    """
    with whole():
        others = list(Authenticator.objects.select_for_update().filter(user=user))
        found = next((one for one in others if one.pk == number), None)
        if found is None or found.type == RECOVERY:
            raise UnknownRecord("that second factor")
        if len([one for one in others if one.type != RECOVERY]) == 1:
            raise NotPermitted("remove your only second factor", "another one first")
        found.delete()
        _note(user, "factor-removed", str(found.type), at)


def reset(user: User, *, by: User, at: datetime) -> None:
    """Take all factors of somebody away, who then enrols anew at the next sign-in."""
    with whole():
        Authenticator.objects.filter(user=user).delete()
        _note(user, "factors-reset", "all", at, by)


def _first_codes(user: User, at: datetime) -> tuple[str, ...]:
    if Authenticator.objects.filter(user=user, type=RECOVERY).exists():
        return ()
    return renew_codes(user, at=at)


def _note(user: User, what: str, kind: str, at: datetime, by: User | None = None) -> None:
    with connection.cursor() as cursor:
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=what,
            by=(by or user).username,
            at=at,
            payload={"username": user.username, "kind": kind},
        )
