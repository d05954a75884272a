"""Leaks to plant, one at a time: each is a mistake that somebody could make.

Every leak is put into the running product of one world; the comparison of the two worlds
has to notice each. What they do would be refused by the allocator's process; here they are
given the vault, to prove that the comparison sees what comes of it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

Leak = Callable[[Path], None]
ALIKE = "high"  # the arm of the small study that is the same in both worlds
LOG = logging.getLogger("equipoise")


def _arm_of(participant: str) -> str:
    from equipoise_server.allocator.allocation import arm_of
    from equipoise_server.vault.models import Allocation

    return arm_of(Allocation.objects.get(participant=participant))


def _after_randomising(then: Callable[[Any, str, str], Any]) -> None:
    """Run `then(service, participant, kit)` on every answer of the allocator."""
    from equipoise_server.services import randomise as service

    asked = service.client.allocate

    def allocate(**given: Any) -> str:
        kit = asked(**given)
        return then(service, given["participant"], kit) or kit

    service.client.allocate = allocate


def a_log_line(_: Path) -> None:
    _after_randomising(lambda _, who, kit: LOG.warning("%s gets %s", who, _arm_of(who)))


def a_log_line_of_another_length(_: Path) -> None:
    _after_randomising(lambda _, who, kit: LOG.warning("x" * len(_arm_of(who))))


def a_digest_of_the_arm_in_the_log(_: Path) -> None:
    def tell(_: Any, who: str, kit: str) -> None:
        LOG.warning(hashlib.sha256(f"fixed salt{_arm_of(who)}".encode()).hexdigest())

    _after_randomising(tell)


def a_ledger_entry(_: Path) -> None:
    from django.db import connection

    from equipoise_server.store import ledger

    def append(service: Any, who: str, kit: str) -> None:
        from datetime import UTC, datetime

        at = datetime(2026, 1, 1, tzinfo=UTC)
        with connection.cursor() as cursor:
            what = "noted" if _arm_of(who) == "low" else "marked"
            ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by="x", at=at)

    _after_randomising(append)


def a_column_of_the_participant(_: Path) -> None:
    from equipoise_server.store import life

    shown = life.columns

    def columns(state: Any) -> dict[str, Any]:
        found = shown(state)
        if state.kit and "stratum" in found:
            found["stratum"] = [*found["stratum"], ["x", len(_arm_of(state.code))]]
        return found

    life.columns = columns


def the_order_of_kits(_: Path) -> None:
    from equipoise_server.allocator import kits
    from equipoise_server.commands import service_desk
    from equipoise_server.vault.models import Kit

    sent = service_desk.client.deliver

    def deliver(**given: Any) -> tuple[str, ...]:
        codes = sent(**given)
        held = {kit.code: kits.arm_in(kit) for kit in Kit.objects.filter(code__in=codes)}
        return tuple(sorted(codes, key=lambda code: (held[code], code)))

    service_desk.client.deliver = deliver


def the_letters_of_a_kit_code(_: Path) -> None:
    from equipoise_server.allocator import kits

    made = kits._bytes
    arms: dict[int, str] = {}
    listed = kits._products

    def products(configuration: Any, shares: int) -> list[str]:
        found = listed(configuration, shares)
        start = len(arms)
        arms.update({start + place: arm for place, arm in enumerate(found)})
        return found

    kits._products = products
    kits._bytes = lambda seed, ceremony, number: made(
        seed + arms[number].encode(), ceremony, number
    )


def which_kit_is_taken(_: Path) -> None:
    from equipoise_server.allocator import kits
    from equipoise_server.vault.models import Kit

    def take(site: str, arm: str, participant: str, made: Any, stock: Any) -> str:
        free = Kit.objects.filter(site=site, participant="", valid=True).order_by("code")
        held = [kit.code for kit in free if kits.arm_in(kit) == arm]
        code = held[0 if arm == "low" else -1]
        Kit.objects.filter(code=code).update(participant=participant)
        return code

    kits.take = take


def the_moment_of_resupply(_: Path) -> None:
    from equipoise_server.allocator import kits
    from equipoise_server.commands import service_desk
    from equipoise_server.vault.models import Kit

    def lowest(*, site: str) -> int:
        free = Kit.objects.filter(site=site, participant="", valid=True)
        return sum(kits.arm_in(kit) == "low" for kit in free) - 2

    service_desk.client.lowest_stock = lowest


def the_words_when_stock_is_out(_: Path) -> None:
    from equipoise.errors import OutOfStock
    from equipoise_server.allocator import kits
    from equipoise_server.allocator.ceremony import current

    def require(site: str, made: Any) -> Any:
        if kits.lowest_stock(site) < 1:
            raise OutOfStock(f"{site} ({current().configuration['arms'][-1]})")
        return kits.stock(site)

    kits.require_stock = require


def _on_every_answer(change: Callable[[Any, str], None]) -> None:
    """Change every page by the arm of the newest participant whose arm differs in the worlds."""
    from django.conf import settings

    _changes.append(change)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "server.leaks.leaking"]


_changes: list[Callable[[Any, str], None]] = []


def leaking(answer_to: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware that knows too much."""

    def middleware(request: Any) -> Any:
        from equipoise_server.vault.models import Allocation

        answer = answer_to(request)
        codes = Allocation.objects.order_by("-participant").values_list("participant", flat=True)
        arms = [_arm_of(code) for code in codes]
        _changes[-1](answer, next(arm for arm in arms if arm != ALIKE))
        return answer

    return middleware


def a_header(_: Path) -> None:
    _on_every_answer(lambda answer, arm: answer.headers.setdefault("X-Cache", str(len(arm))))


def an_etag(_: Path) -> None:
    def tag(answer: Any, arm: str) -> None:
        answer.headers["ETag"] = hashlib.md5(arm.encode()).hexdigest()

    _on_every_answer(tag)


def a_cookie(_: Path) -> None:
    _on_every_answer(lambda answer, arm: answer.set_cookie("theme", arm[:1]))


def a_space_in_the_page(_: Path) -> None:
    def pad(answer: Any, arm: str) -> None:
        if not answer.streaming:
            answer.content += b" " * (arm == "low")

    _on_every_answer(pad)


def the_order_of_links(_: Path) -> None:
    def turn(answer: Any, arm: str) -> None:
        if not answer.streaming and arm == "low":
            answer.content = b"\n".join(reversed(answer.content.split(b"\n")))

    _on_every_answer(turn)


def the_status_of_an_answer(_: Path) -> None:
    def change(answer: Any, arm: str) -> None:
        if answer.status_code == 200 and arm == "low":
            answer.status_code = 203

    _on_every_answer(change)


def the_name_of_a_file(folder: Path) -> None:
    _after_randomising(lambda _, who, kit: (folder / f"{who}-{_arm_of(who)}").touch())


def the_size_of_a_file(folder: Path) -> None:
    def write(_: Any, who: str, kit: str) -> None:
        with (folder / "cache.bin").open("ab") as file:
            file.write(b"\0" * len(_arm_of(who)))

    _after_randomising(write)


def a_digest_of_the_vault(_: Path) -> None:
    """Publishing what the list really is would also tell: here recomputed at every tick."""
    from equipoise.digest import sha256
    from equipoise_server.allocator.ceremony import current
    from equipoise_server.services import tick as service

    write = service.checkpoint.write

    def written(at: Any) -> Path:
        LOG.warning("vault %s", sha256(current().configuration))
        return write(at)

    service.checkpoint.write = written


def an_unblinded_form_in_the_store(_: Path) -> None:
    from equipoise_server.store.models import IdempotencyKey

    def keep(_: Any, who: str, kit: str) -> None:
        from datetime import UTC, datetime

        at = datetime(2026, 1, 1, tzinfo=UTC)
        answer = {"lot": f"L-{_arm_of(who)}"}
        IdempotencyKey.objects.create(key=f"lot/{who}", request="", answer=str(answer), at=at)

    _after_randomising(keep)


def how_many_questions_the_database_gets(_: Path) -> None:
    """A row number that skips where the arm is one of the two."""
    from equipoise_server.store.models import Finding, Record

    def skip(_: Any, who: str, kit: str) -> None:
        record = Record.objects.order_by("pk").first()
        if record is not None and _arm_of(who) == "low":
            from datetime import UTC, datetime

            at = datetime(2026, 1, 1, tzinfo=UTC)
            Finding.objects.create(
                record=record, code="x", message={}, opened_version=1, opened_at=at
            )
            Finding.objects.filter(code="x").delete()

    _after_randomising(skip)


LEAKS: dict[str, Leak] = {
    leak.__name__: leak
    for leak in (
        a_log_line,
        a_log_line_of_another_length,
        a_digest_of_the_arm_in_the_log,
        a_ledger_entry,
        a_column_of_the_participant,
        the_order_of_kits,
        the_letters_of_a_kit_code,
        which_kit_is_taken,
        the_moment_of_resupply,
        the_words_when_stock_is_out,
        a_header,
        an_etag,
        a_cookie,
        a_space_in_the_page,
        the_order_of_links,
        the_status_of_an_answer,
        the_name_of_a_file,
        the_size_of_a_file,
        a_digest_of_the_vault,
        an_unblinded_form_in_the_store,
        how_many_questions_the_database_gets,
    )
}
