"""What keeps kits from being used. Whatever the reason, the blinded side sees 'not valid'."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from equipoise_server.allocator.ceremony import current
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Hold, Kit, PackagingBatch

FINAL = ("recall", "expiry", "destroy", "replaced", "taken away")


def hold(kind: str, name: str, *, why: str, source: str, at: datetime) -> None:
    """Hold a `batch` or a `kit`, and make its kits not valid. Call inside a vault transaction."""
    Hold.objects.using(DATABASE).create(kind=kind, name=name, why=why, source=source, since=at)
    kits_of(kind, name).update(valid=False)


def lift(*, source: str, why: str, at: datetime) -> None:
    """Lift the holds of one source; kits that nothing else holds are valid again."""
    open_ones = Hold.objects.using(DATABASE).filter(source=source, why=why, lifted_at=None)
    concerned = [(one.kind, one.name) for one in open_ones]
    open_ones.update(lifted_at=at)
    held = _held_now()
    for kind, name in concerned:
        for kit in kits_of(kind, name).filter(valid=False):
            if ("kit", kit.code) not in held and ("batch", kit.batch) not in held:
                Kit.objects.using(DATABASE).filter(pk=kit.pk).update(valid=True)


def _held_now() -> set[tuple[str, str]]:
    rows = Hold.objects.using(DATABASE).filter(lifted_at=None)
    return set(rows.values_list("kind", "name"))


def kits_of(kind: str, name: str) -> QuerySet[Kit]:
    """The kits that a hold of this kind and name is about."""
    rows = Kit.objects.using(DATABASE)
    return rows.filter(batch=name) if kind == "batch" else rows.filter(code=name)


def of_kit(kit: Kit) -> list[dict[str, str]]:
    """What holds a kit now: why, from where, since when."""
    rows = Hold.objects.using(DATABASE).filter(lifted_at=None)
    mine = rows.filter(Q(kind="kit", name=kit.code) | Q(kind="batch", name=kit.batch))
    return [_said(one) for one in mine.order_by("since", "pk")]


def of_batch(batch: str) -> list[dict[str, str]]:
    """What holds a batch now."""
    rows = Hold.objects.using(DATABASE).filter(lifted_at=None, kind="batch", name=batch)
    return [_said(one) for one in rows.order_by("since", "pk")]


def _said(one: Hold) -> dict[str, str]:
    return {"why": one.why, "source": one.source, "since": one.since.isoformat()}


def let_expire(at: datetime) -> None:
    """Hold each batch whose first lot has expired. Call inside a vault transaction."""
    past = PackagingBatch.objects.using(DATABASE).filter(expires_on__lte=at.date())
    known = Hold.objects.using(DATABASE).filter(kind="batch", why="expiry")
    for batch in past.exclude(code__in=known.values("name")).order_by("pk"):
        hold("batch", batch.code, why="expiry", source="expiry", at=at)


def not_valid(*, site: str, at: datetime) -> tuple[str, ...]:
    """The codes of the site's kits that may not be used, sorted; not why.

    In a live study the allocator's own clock decides what has expired.
    """
    now = datetime.now(UTC) if current().label == "live" else at
    with vault_transaction("consignments"):
        let_expire(now)
    rows = Kit.objects.using(DATABASE).filter(site=site, valid=False)
    return tuple(rows.order_by("code").values_list("code", flat=True))


def withdraw_kits(*, site: str, kits: Iterable[str], at: datetime) -> None:
    """Kits of a site's stock that are damaged or lost there: they are not given out any more."""
    with vault_transaction(f"site/{site}"):
        mine = Kit.objects.using(DATABASE).filter(site=site, code__in=list(kits), participant="")
        for code in mine.filter(valid=True).order_by("code").values_list("code", flat=True):
            hold("kit", code, why="taken away", source=f"site {site}", at=at)
