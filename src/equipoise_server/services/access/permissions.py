"""Who may do what. One table; whoever is not in it may not.

Roles are held through memberships: at one site or at all, from one time to another. They
are read anew for each request, so that a role taken away is gone at once. Where delegations or
trainings are demanded, a step needs them too: one statement of SQL answers all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import (
    NotDelegated,
    NotPermitted,
    NotTrained,
    Sentence,
    SidesMixed,
    listed,
    say,
)
from equipoise.participant.events import DoseRecorded
from equipoise.protocol.forms import Form
from equipoise.protocol.people_plan import PeoplePlan
from equipoise.protocol.remember import Remembered
from equipoise.protocol.roles import SITE_STAFF, UNBLINDED
from equipoise_server.store import study as studies
from equipoise_server.store.models import User
from equipoise_server.store.planned import Planned

TASKS: dict[str, tuple[str, ...]] = {
    "consent": ("consent", "defer consent"),
    "screening": ("screen", "fail screening"),
    "randomisation": ("randomise",),
    "product": ("dispense", "administer"),
    "records": ("record",),
    "safety": ("report an event", "report a special situation"),
    "follow-up": ("follow up", "withdraw", "complete"),
}
"""What an investigator usually delegates, and the steps that each task opens."""
DELEGATED_TO = ("coordinator", "dosing nurse", "assessor")
"""Roles that act by delegation; an investigator acts in their own right."""

BY_PROGRAM = (*SITE_STAFF, "monitor", "data manager", "statistician")
"""Roles in which a program may act: those that read records, all of them blinded."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "screen": ("investigator", "coordinator"),
    "consent": ("investigator", "coordinator"),
    "fail screening": ("investigator", "coordinator"),
    "randomise": ("investigator", "coordinator"),
    "receive": ("pharmacist", "coordinator"),
    "keep the stock": ("pharmacist", "coordinator"),
    "prepare a unit": ("pharmacist",),
    "replace a kit": ("pharmacist", "coordinator", "dosing nurse", "investigator"),
    "account for a unit": ("pharmacist", "coordinator", "dosing nurse", "investigator"),
    "dispense": ("pharmacist", "coordinator", "dosing nurse", "investigator"),
    "administer": ("dosing nurse", "investigator"),
    "record": SITE_STAFF,
    "report an event": SITE_STAFF,
    "follow up": SITE_STAFF,
    "stop dosing": ("investigator",),
    "withdraw": ("investigator", "coordinator"),
    "complete": ("investigator", "coordinator"),
    "open a site": ("administrator",),
    "seal the list": ("administrator",),
    "appoint": ("administrator",),
    "issue a token": BY_PROGRAM,
    "invite": ("administrator",),
    "reset second factors": ("administrator",),
    "demand delegations": ("administrator",),
    "demand a training": ("administrator",),
    "record a training": ("administrator",),
    "delegate": ("investigator",),
    "sign": ("investigator", "monitor", "data manager"),
    "lock a part": ("data manager",),
    "unlock a part": ("data manager", "sponsor", "investigator"),
    "order a redaction": ("data manager",),
    "redact": ("data manager", "sponsor", "investigator"),
    "publish an amendment": ("sponsor", "administrator"),
    "activate an amendment": ("sponsor", "administrator"),
    "move a participant": ("investigator", "coordinator"),
    "record a decision of the board": ("safety-board member", "sponsor"),
    "freeze the data of an interim analysis": ("data manager", "statistician"),
    "report a special situation": ("investigator", "coordinator"),
    "open a query": ("monitor", "data manager"),
    "answer a query": (*SITE_STAFF, "monitor", "data manager"),
    "close a query": ("monitor", "data manager"),
    "reopen a query": ("monitor", "data manager"),
    "verify source": ("monitor",),
    "withdraw a verification": ("monitor", "data manager"),
    "code a term": ("data manager",),
    "load a dictionary": ("data manager", "administrator"),
    "raise a deviation": (*SITE_STAFF, "monitor", "data manager"),
    "classify a deviation": ("data manager", "sponsor"),
    "import results": ("data manager",),
    "lock": ("data manager", "statistician", "sponsor"),
    "unlock": ("data manager", "statistician", "sponsor"),
    "unblind the study": ("statistician", "sponsor", "data manager"),
    "analyse": ("statistician", "data manager", "sponsor"),
    "export": ("statistician", "data manager", "sponsor"),
    "copy a site": ("investigator",),
    "read records": (*SITE_STAFF, "monitor", "data manager", "statistician"),
    "read participants": (*SITE_STAFF, "monitor", "data manager", "statistician"),
    "post the study": ("administrator", "sponsor", "data manager"),
    "post a site": ("administrator", "coordinator", "investigator"),
    "name a source": ("administrator", "sponsor", "coordinator"),
    "read enquiries": ("coordinator", "investigator"),
    "answer an enquiry": ("coordinator", "investigator"),
    "answer a question": ("coordinator", "investigator", "administrator"),
    "defer consent": ("investigator",),
    "answer a problem": ("investigator", "coordinator"),
    "release the results": ("sponsor",),
    "attach an image": ("investigator", "coordinator"),
    "withdraw an image": ("investigator", "coordinator", "data manager"),
    "read an image": ("image reader",),
}

_HELD = Planned(
    """
SELECT DISTINCT m.role, m.site_id,
  EXISTS (SELECT 1 FROM store_membership x WHERE x.user_id = m.user_id AND x.since <= %(at)s
    AND x.role IN (%(unblinded)s)),
  %(task)s = '' OR EXISTS (SELECT 1 FROM store_delegation g WHERE g.user_id = m.user_id
    AND g.site_id = %(site)s AND g.task = %(task)s AND g.since <= %(at)s
    AND (g.until IS NULL OR g.until > %(at)s))
  OR NOT EXISTS (SELECT 1 FROM store_delegationdemand d WHERE d.since <= %(at)s
    AND (d.site_id IS NULL OR d.site_id = %(site)s)),
  (SELECT MIN(q.training_id) FROM store_trainingdemand q WHERE q.role = m.role
    AND q.since <= %(at)s AND (q.until IS NULL OR q.until > %(at)s)
    AND NOT EXISTS (SELECT 1 FROM store_trainingrecord c WHERE c.user_id = m.user_id
      AND c.training_id = q.training_id AND c.since <= %(at)s
      AND (c.until IS NULL OR c.until > %(at)s))),
  %(chain)s <> '' AND EXISTS (SELECT 1 FROM store_ledgerentry e WHERE e.chain = %(chain)s
    AND e.what = 'dose-recorded' AND e."by" = u.username)
FROM store_membership m JOIN store_user u ON u.id = m.user_id
WHERE m.user_id = %(user)s AND u.is_active AND m.since <= %(at)s
  AND (m.until IS NULL OR m.until > %(at)s)
""".replace("%(unblinded)s", ", ".join(f"'{role}'" for role in UNBLINDED)),
    {"user": "bigint", "at": "timestamptz", "site": "text", "task": "text", "chain": "text"},
)
_DOSED = 'SELECT 1 FROM store_ledgerentry WHERE chain = %s AND what = %s AND "by" = %s LIMIT 1'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A role held now, and what may stand in the way of acting in it.

    `mixed`: the person is or was on the unblinded side. `delegated`: the task asked for, at
    the site asked for. `untrained`: a training that the role needs and the person lacks.
    """

    role: str
    site: str | None
    mixed: bool
    delegated: bool
    untrained: str | None
    dosed: bool

    @property
    def effective(self) -> bool:
        """Nobody acts in a blinded role who has seen the other side."""
        return self.role in UNBLINDED or not self.mixed


def require(
    cursor: Any,
    step: str,
    *,
    by: User,
    at: datetime,
    site: str | None = None,
    assessing: str = "",
) -> None:
    """Refuse unless `by` holds a role for `step`, at `site` (None: at any), and may act in it.

    `assessing`: a participant who is assessed blinded by this step; nobody does who gave them
    a dose.

    Raises:
        NotPermitted: naming the roles that may; or the person has dosed the participant.
        SidesMixed: the person has been on the unblinded side.
        NotDelegated: the delegation log of the site does not give the task.
        NotTrained: a training of the role is missing.

    """
    task = _task_of().get(step, "") if site else ""
    held = _memberships(cursor, by, at, site, task, assessing)
    found = [one for one in held if _fits(one, step, site)]
    if not found:
        raise NotPermitted(step, role_needed(ALLOWED[step], site))
    found = [one for one in found if one.effective]
    if not found:
        raise SidesMixed(step)
    found = [one for one in found if one.delegated or one.role not in DELEGATED_TO]
    if not found:
        raise NotDelegated(step, task, site or "")
    if all(one.untrained for one in found):
        raise NotTrained(step, str(found[0].untrained))
    if any(one.dosed for one in found):
        raise NotPermitted(step, "an assessor who did not dose the participant")


def tasks() -> Mapping[str, tuple[str, ...]]:
    """What an investigator of this trial delegates: as the study folder says, or as usual."""
    planned = studies.people_plan().tasks
    return {one.id: one.steps for one in planned} if planned else TASKS


def _task_of() -> Mapping[str, str]:
    return _STEPS(studies.people_plan())


def _steps(_plan: PeoplePlan) -> Mapping[str, str]:
    return {step: task for task, steps in tasks().items() for step in steps}


_STEPS: Remembered[PeoplePlan, Mapping[str, str]] = Remembered(_steps, most=8)


def may(step: str, *, by: User, at: datetime, site: str | None = None) -> bool:
    """Whether `by` holds a role for `step`; for pages that show only what is possible.

    A delegation or training that is missing is left to `require`, which says so.
    """
    with connection.cursor() as cursor:
        held = _memberships(cursor, by, at)
    return any(_fits(one, step, site) and one.effective for one in held)


def roles(by: User, at: datetime) -> tuple[tuple[str, str | None], ...]:
    """The roles that a person acts in at `at`, each with its site (None: all sites), sorted.

    Whoever is or was on the unblinded side acts in no blinded role.
    """
    with connection.cursor() as cursor:
        held = _memberships(cursor, by, at)
    effective = ((one.role, one.site) for one in held if one.effective)
    return tuple(sorted(effective, key=lambda one: (one[0], one[1] or "")))


def role_needed(roles: Collection[str], site: str | None = None) -> Sentence:
    """What somebody lacks who holds none of the roles, at the site if one is given."""
    names = listed(roles, " or ")
    if site:
        return say("the role {roles} at site {site}", roles=names, site=site)
    return say("the role {roles}", roles=names)


def _fits(held: _Held, step: str, site: str | None) -> bool:
    return held.role in ALLOWED[step] and (site is None or held.site in (None, site))


def _memberships(
    cursor: Any,
    by: User,
    at: datetime,
    site: str | None = None,
    task: str = "",
    chain: str = "",
) -> list[_Held]:
    moment = connection.ops.adapt_datetimefield_value(at)
    _HELD.run(cursor, user=by.pk, at=moment, site=site or "", task=task, chain=chain)
    return [
        _Held(
            role=role,
            site=where,
            mixed=bool(mixed),
            delegated=bool(given),
            untrained=untrained,
            dosed=bool(dosed),
        )
        for role, where, mixed, given, untrained, dosed in cursor.fetchall()
    ]


def require_assessor(cursor: Any, form: Form, participant: str, *, by: User) -> None:
    """Refuse a blinded assessment by somebody who gave this participant a dose.

    Raises:
        NotPermitted: the person has dosed the participant.

    """
    if not form.assesses:
        return
    cursor.execute(_DOSED, [participant, DoseRecorded.what, by.username])
    if cursor.fetchone() is not None:
        raise NotPermitted(
            say("fill in {form}", form=form.id), "an assessor who did not dose the participant"
        )
