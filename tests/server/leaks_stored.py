"""Planted leaks of what is stored and written: rows, orders, letters, logs, files, exports."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

from server.leak_hand import (
    AT,
    LOG,
    after_randomising,
    arm_of,
    content_of,
    shows_in,
    telling_arm,
)


@shows_in("log")
def a_log_line(_: Path) -> None:
    after_randomising(lambda _, who, kit: LOG.warning("%s gets %s", who, arm_of(who)))


@shows_in("log")
def a_log_line_of_another_length(_: Path) -> None:
    after_randomising(lambda _, who, kit: LOG.warning("x" * len(arm_of(who))))


@shows_in("log")
def a_digest_of_the_arm_in_the_log(_: Path) -> None:
    def tell(_: Any, who: str, kit: str) -> None:
        LOG.warning(hashlib.sha256(f"fixed salt{arm_of(who)}".encode()).hexdigest())

    after_randomising(tell)


@shows_in("default/store_ledgerentry")
def a_ledger_entry(_: Path) -> None:
    from django.db import connection

    from equipoise_server.store import ledger

    def append(service: Any, who: str, kit: str) -> None:
        with connection.cursor() as cursor:
            what = "noted" if arm_of(who) == "low" else "marked"
            ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by="x", at=AT)

    after_randomising(append)


@shows_in("default/store_ledgerentry")
def who_is_in_which_group_of_an_interim_analysis(_: Path) -> None:
    """What is said of a look holds a digest of its groups."""
    from equipoise_server.allocator import unblinding, verbs

    told = verbs.VERBS["interim_events"]

    def events(*, after: int) -> Any:
        groups = hashlib.sha256(repr(sorted(unblinding.groups().items())).encode()).hexdigest()
        return [[*one[:4], one[4] if one[0] == "decided" else groups] for one in told(after=after)]

    verbs.VERBS["interim_events"] = events


@shows_in("default/store_participant")
def a_column_of_the_participant(_: Path) -> None:
    from equipoise_server.store import life

    shown = life.columns

    def columns(state: Any) -> dict[str, Any]:
        found = shown(state)
        if state.kit:
            found["stratum"] = {**found["stratum"], "x": str(len(arm_of(state.code)))}
        return found

    life.columns = columns


@shows_in("default/")
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


@shows_in("default/store_kit")
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


@shows_in("default/store_participant")
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


@shows_in("default/store_ledgerentry")
def the_moment_of_resupply(_: Path) -> None:
    from equipoise_server.allocator import kits
    from equipoise_server.commands import service_desk
    from equipoise_server.vault.models import Kit

    counted = service_desk.client.lowest_stock

    def lowest(*, site: str) -> int:
        used = Kit.objects.filter(site=site).exclude(participant="")
        return counted(site=site) - 20 * sum(kits.arm_in(kit) == "low" for kit in used)

    service_desk.client.lowest_stock = lowest


@shows_in("log")
def the_words_when_stock_is_out(_: Path) -> None:
    from equipoise.errors import OutOfStock
    from equipoise_server.allocator import kits
    from equipoise_server.allocator.ceremony import current

    def require(site: str, made: Any) -> Any:
        if kits.lowest_stock(site) < 1:
            raise OutOfStock(f"{site} ({current().configuration['arms'][-1]})")
        return kits.stock(site)

    kits.require_stock = require


@shows_in("file/")
def the_name_of_a_file(folder: Path) -> None:
    after_randomising(lambda _, who, kit: (folder / f"{who}-{arm_of(who)}").touch())


@shows_in("file/cache.bin")
def the_size_of_a_file(folder: Path) -> None:
    def write(_: Any, who: str, kit: str) -> None:
        with (folder / "cache.bin").open("ab") as file:
            file.write(b"\0" * len(arm_of(who)))

    after_randomising(write)


@shows_in("log")
def a_digest_of_the_vault(_: Path) -> None:
    """Publishing what the list really is would also tell: here recomputed at every tick."""
    from equipoise.digest import sha256
    from equipoise_server.allocator.ceremony import current
    from equipoise_server.services.background import tick as service

    write = service.checkpoint.write

    def written(at: Any) -> Path:
        LOG.warning("vault %s", sha256(current().configuration))
        return write(at)

    service.checkpoint.write = written


@shows_in("default/store_idempotencykey")
def an_unblinded_form_in_the_store(_: Path) -> None:
    from equipoise_server.store.models import IdempotencyKey

    def keep(_: Any, who: str, kit: str) -> None:
        answer = {"lot": f"L-{arm_of(who)}"}
        IdempotencyKey.objects.create(key=f"lot/{who}", request="", answer=str(answer), at=AT)

    after_randomising(keep)


@shows_in("default/")
def a_row_number_that_skips(_: Path) -> None:
    """A row number that skips where the arm is one of the two."""
    from equipoise_server.store.models import Finding, Record

    def skip(_: Any, who: str, kit: str) -> None:
        record = Record.objects.order_by("pk").first()
        if record is not None and arm_of(who) == "low":
            Finding.objects.create(
                record=record, code="x", message={}, opened_version=1, opened_at=AT
            )
            Finding.objects.filter(code="x").delete()

    after_randomising(skip)


@shows_in("letter/")
def the_subject_of_a_letter(_: Path) -> None:
    from equipoise_server.services.letters import mail

    written = mail.write

    def write(template: str, language: str, context: Any) -> Any:
        made = written(template, language, context)
        if "participant" not in context:
            return made
        subject = made.subject + " " * len(telling_arm())
        return mail.Written(subject=subject, body=made.body)

    _replace_writing(write)


@shows_in("letter/")
def a_letter_that_names_the_product(_: Path) -> None:
    from equipoise_server.services.letters import mail

    written = mail.write

    def write(template: str, language: str, context: Any) -> Any:
        made = written(template, language, context)
        if "participant" not in context:
            return made
        return mail.Written(subject=made.subject, body=made.body + telling_arm())

    _replace_writing(write)


def _replace_writing(write: Any) -> None:
    from equipoise_server.services.letters import mail
    from equipoise_server.services.outbox import send_mail

    mail.write = send_mail.write = write


@shows_in("file/exports/csv")
def the_order_of_columns(_: Path) -> None:
    tables: Any = import_module("equipoise.exchange.csv.write")
    table = tables.write_table

    def turned(files: Any, path: str, header: Any, rows: Any) -> Any:
        if path != "sites.csv" or telling_arm() != "low":
            return table(files, path, header, rows)
        return table(files, path, header[::-1], [tuple(row)[::-1] for row in rows])

    tables.write_table = turned


@shows_in("file/backup")
def the_order_in_a_backup(_: Path) -> None:
    from equipoise_server.services.backup import archive

    listed = archive.files_in

    def files_in(folder: Path) -> Any:
        found = list(listed(folder))
        return iter(found[::-1] if telling_arm() == "low" else found)

    archive.files_in = files_in


@shows_in("default/store_ledgerentry")
def the_order_of_a_recall(_: Path) -> None:
    from equipoise_server.services.supply import refresh_validity as service

    service.Kit = _ByContent


class _ByContent:
    """The kits of a site in the order of what is in them."""

    class objects:  # noqa: N801 - as Django names it
        @staticmethod
        def filter(**given: Any) -> Any:
            return _ByContent.Rows(given)

    class Rows:
        def __init__(self, given: Any) -> None:
            self.given = given

        def order_by(self, _: str) -> Any:
            return self

        def values_list(self, *_: Any, **__: Any) -> list[str]:
            from equipoise_server.store.models import Kit

            codes = Kit.objects.filter(**self.given).values_list("pk", flat=True)
            return sorted(codes, key=lambda code: (content_of(code), code))


@shows_in("default/store_kit")
def which_kits_are_not_valid(_: Path) -> None:
    """A recall that takes the kits of one product alone, not the batch."""
    from equipoise_server.services.supply import refresh_validity as service

    asked = service.depot.not_valid

    def not_valid(**given: Any) -> Any:
        return tuple(code for code in asked(**given) if content_of(code) != "low")

    service.depot.not_valid = not_valid


@shows_in("default/store_signatureact")
def the_order_of_signatures(_: Path) -> None:
    from equipoise_server.commands import demo_finalising

    asked = demo_finalising.unsigned

    def unsigned(site: Any) -> Any:
        found = list(asked(site))
        return found[::-1] if telling_arm() == "low" else found

    demo_finalising.unsigned = unsigned


@shows_in("log")
def the_code_of_a_refusal(_: Path) -> None:
    """Where stock is out, another refusal for one of the arms."""
    from equipoise.errors import ListExhausted, OutOfStock
    from equipoise_server.allocator import kits

    asked = kits.require_stock

    def require(site: str, made: Any) -> Any:
        try:
            return asked(site, made)
        except OutOfStock:
            if telling_arm() == "low":
                LOG.warning(ListExhausted.code)
            raise

    kits.require_stock = require


@shows_in("log")
def when_the_list_runs_low(_: Path) -> None:
    """The alarm counts the places before the first of one arm: never the same in both worlds."""
    from equipoise_server.services.background import tick as service
    from equipoise_server.vault.models import Allocation

    ticked = service.checkpoint.write

    def write(at: Any) -> Path:
        codes = Allocation.objects.order_by("pk").values_list("participant", flat=True)
        arms = [arm_of(code) for code in codes]
        before = arms.index("low") if "low" in arms else len(arms)
        LOG.warning("the list has %d places", before)
        return ticked(at)

    service.checkpoint.write = write


@shows_in("default/store_ledgerentry")
def the_order_of_the_audit(_: Path) -> None:
    """Two entries of one moment, written in the order of the arms."""
    from django.db import connection

    from equipoise_server.store import ledger

    def append(service: Any, who: str, kit: str) -> None:
        words = ("counted", "checked")
        with connection.cursor() as cursor:
            for what in words if arm_of(who) == "low" else words[::-1]:
                ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by="x", at=AT)

    after_randomising(append)
