"""How the people of a demonstration sign, and how its board opens what the protocol holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from equipoise.errors import NotReady, WaitsForBoard
from equipoise_server.services import fresh_factor
from equipoise_server.services.decide_board import decide_board
from equipoise_server.services.lock_part import lock_part
from equipoise_server.services.sign import Wanted, purpose, sign
from equipoise_server.store.locks import Part
from equipoise_server.store.models import User
from equipoise_server.store.queries.finalising import Unsigned, unsigned

Staff = Mapping[tuple[str, str], User]

LOCKED = 6  # participants whose records are finished and locked one by one
TRIED = 30
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
