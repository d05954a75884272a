"""A second factor given anew for one act: a grant that is bound to person and purpose, used once.

The page that asks for password and second factor makes the grant and keeps its proof. The
service of the act consumes the proof in the transaction of the act: either both happen or
neither. Only a digest of the proof is stored.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection

from equipoise.errors import FactorRefused, FactorRequired
from equipoise_server.store.models import FactorGrant, User

LASTS = timedelta(minutes=2)
LONGEST_PURPOSE = 200

_USE = (
    "DELETE FROM store_factorgrant WHERE digest = %s AND user_id = %s AND purpose = %s "
    "AND made_at <= %s AND expires_at > %s "
    "AND EXISTS (SELECT 1 FROM store_user u WHERE u.id = store_factorgrant.user_id AND u.is_active)"
)


def grant(*, by: User, purpose: str, at: datetime) -> str:
    """A proof that `by` has just given password and second factor for `purpose`.

    Call it only after both were checked. `purpose` names the one act, with what it acts on
    ("sign 3f2a...", "unlock the study"), so that a proof cannot serve for another.
    """
    if not 0 < len(purpose) <= LONGEST_PURPOSE:
        raise ValueError(f"a purpose has 1 to {LONGEST_PURPOSE} characters")
    FactorGrant.objects.filter(user=by, expires_at__lte=at).delete()
    proof = secrets.token_urlsafe(32)
    FactorGrant.objects.create(
        digest=_digest(proof), user=by, purpose=purpose, made_at=at, expires_at=at + LASTS
    )
    return proof


def consume(*, by: User, proof: str, purpose: str, at: datetime) -> None:
    """Use up a proof. Call it inside the transaction of the act that needs it.

    Raises:
        FactorRequired: there is no proof.
        FactorRefused: it is unknown, used, too old, of somebody else or for something else.

    """
    if not connection.in_atomic_block:
        raise RuntimeError("a proof is consumed in the transaction of its act")
    if not proof:
        raise FactorRequired(purpose)
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_USE, [_digest(proof), by.pk, purpose, moment, moment])
        if cursor.rowcount != 1:
            raise FactorRefused(purpose)


def _digest(proof: str) -> str:
    return sha256(proof.encode()).hexdigest()
