"""How the people of a demonstration finish: board, last comparison, signatures, locks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction

from equipoise.errors import NotReady, WaitsForBoard
from equipoise_server.services.access import fresh_factor
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.close_query import close_query
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.records.sign import Wanted, purpose, sign
from equipoise_server.services.trial.decide_board import decide_board
from equipoise_server.services.trial.lock_part import lock_part
from equipoise_server.store.locks import Part
from equipoise_server.store.models import Participant, Record, User
from equipoise_server.store.queries import checklist
from equipoise_server.store.queries.finalising import Unsigned, unsigned

Staff = Mapping[tuple[str, str], User]

LOCKED = 6  # participants whose records are finished and locked one by one
TRIED = 30
ASKED = "This answer is missing. Can it still be had?"
ANSWERED = "No: it was not measured on that day."
MINUTES = "Simulated conduct: the board is taken to have reviewed the data and to agree."


def when_open(staff: Staff, randomise: Callable[[], str], *, at: datetime, key: str) -> str:
    """Randomise; where that waits for the board, the simulated board decides at once."""
    member = next(user for (role, _), user in staff.items() if role == "safety-board member")
    while True:
        try:
            return randomise()
        except WaitsForBoard as refusal:
            about = refusal.about
        decide_board(about, opens=True, words=MINUTES, by=member, at=at, key=f"{key}/{about}")


def finalise(staff: Staff, at: datetime) -> None:
    """Every record that needs it is signed by its investigator; a few participants are locked."""
    waiting: dict[tuple[str, str, str], list[Unsigned]] = defaultdict(list)
    for one in unsigned(None):
        waiting[one.rule, one.site, one.participant].append(one)
    with transaction.atomic():
        for number, ((rule, site, code), records) in enumerate(waiting.items()):
            signer = staff[records[0].role, site]
            moment = at - timedelta(hours=4) + timedelta(seconds=5 * number)
            _sign(signer, code, rule, records, moment)
        _lock(staff, sorted({(code, site) for _, site, code in waiting}), at)


def close_out(staff: Staff, at: datetime) -> None:
    """The last visit of the monitor: gaps are settled, answers compared with their source."""
    _settle_gaps(staff, at)
    waiting: dict[tuple[str, str, str, int], set[str]] = defaultdict(set)
    for left in checklist.unverified(None):
        waiting[left.participant, left.form, left.visit, left.number].add(left.item)
    rows = Record.objects.values_list("participant", "form", "visit", "number", "version")
    versions = {tuple(place): version for *place, version in rows}
    sites = dict(Participant.objects.values_list("code", "site_id"))
    with transaction.atomic():
        for place, items in waiting.items():
            code, form, visit, number = place
            verify_source(
                participant=code,
                form=form,
                visit=visit,
                number=number,
                items=items,
                expected=versions[place],
                by=staff["monitor", sites[code]],
                at=at,
                key=f"demo/close-out/{code}/{form}/{visit}/{number}",
            )


def _settle_gaps(staff: Staff, at: datetime) -> None:
    """What was never measured is asked about, answered and closed: it cannot be had any more."""
    sites = dict(Participant.objects.values_list("code", "site_id"))
    while waiting := [one for one in checklist.incomplete(None) if one.item]:
        for left in waiting:
            site, key = sites[left.participant], "/".join(map(str, asdict(left).values()))
            given = {"at": at, "confirmed": True}
            number = open_query(
                participant=left.participant,
                form=left.form,
                visit=left.visit,
                number=left.number,
                item=left.item,
                text=ASKED,
                by=staff["data manager", site],
                key=f"demo/gap/ask/{key}",
                **given,  # type: ignore[arg-type]
            )
            for act, words, role in (
                (answer_query, ANSWERED, "coordinator"),
                (close_query, "", "data manager"),
            ):
                act(
                    query=number,
                    text=words,
                    by=staff[role, site],
                    key=f"demo/gap/{role}/{key}",
                    **given,  # type: ignore[arg-type]
                )


def _sign(by: User, code: str, rule: str, records: list[Unsigned], at: datetime) -> None:
    wanted = tuple(
        Wanted(form=one.form, visit=one.visit, number=one.number, digest=one.digest)
        for one in records
    )
    proof = fresh_factor.grant(by=by, purpose=purpose(code, rule, wanted), at=at)
    key = f"demo/sign/{rule}/{code}"
    sign(participant=code, rule=rule, records=wanted, proof=proof, by=by, at=at, key=key)


def _lock(staff: Staff, people: list[tuple[str, str]], at: datetime) -> None:
    locked = 0
    for code, site in people[:TRIED]:
        part = Part(scope="participant", site=site, participant=code)
        manager = staff["data manager", site]
        try:
            lock_part(part, by=manager, at=at, key=f"demo/lock/{code}")
        except NotReady:
            continue
        locked += 1
        if locked == LOCKED:
            return
