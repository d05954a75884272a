"""Where the trial stands: under which protocol version, locked or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from equipoise.errors import (
    IntegrityError,
    Locked,
    ReconsentDue,
    StoppedByBoard,
    WaitsForBoard,
    say,
)
from equipoise.participant import ParticipantState
from equipoise.protocol.conduct_rules import SafetyBoard
from equipoise.protocol.model import Study
from equipoise_server.store import board, consenting, versions
from equipoise_server.store import study as studies
from equipoise_server.store.models import Amendment

_TRIAL = "SELECT study_id, locked_at FROM store_trial"


def require_unlocked(cursor: Any, step: str, participant: str | None = None) -> Study:
    """The study to act under; on PostgreSQL nobody can lock it until this transaction ends.

    It is the version that `participant` is under, or the one the trial was opened with.

    Raises:
        Locked: the study is locked.

    """
    digest = _unlocked(cursor, step)
    return studies.of_digest(_under(cursor, digest, participant))


def require_open(step: str, locked_at: object, randomisation_open: object) -> None:
    """Refuse where the study is locked, or recruitment is not open; from columns of the trial.

    Raises:
        Locked: the study is locked.
        StoppedByBoard: randomisation is stopped.

    """
    if locked_at is not None:
        raise Locked(step)
    if not randomisation_open:
        raise StoppedByBoard


def _under(cursor: Any, digest: str, participant: str | None) -> str:
    return digest if participant is None else versions.of(cursor, participant)


def _unlocked(cursor: Any, step: str) -> str:
    shared = " FOR SHARE" if cursor.db.vendor == "postgresql" else ""
    cursor.execute(_TRIAL + shared)
    found = cursor.fetchone()
    if found is None:
        raise IntegrityError(studies.NO_TRIAL)
    digest, locked_at = found
    if locked_at is not None:
        raise Locked(step)
    return str(digest)


def require_newest_consent(
    cursor: Any, state: ParticipantState, step: str, *, at: datetime
) -> None:
    """Refuse a step that needs consent to the version in force at the site, once that has changed.

    Raises:
        ReconsentDue: an amendment asks for a new consent, and this participant has not signed.

    """
    if not state.consents or not Amendment.objects.filter(needs_reconsent=True).exists():
        return
    if consenting.ahead_of(cursor, state.code, state.site, at) is not None:
        raise ReconsentDue(state.code, step)


def require_board(
    cursor: Any, study: Study, *, site: str, stratum: Iterable[tuple[str, str]], at: datetime
) -> None:
    """Refuse a randomisation for which the safety board has not opened the way yet.

    Raises:
        WaitsForBoard: a level of the stratum is closed, the first participants have not been
            reviewed, or the last of them started too short a time ago.

    """
    rules = study.protocol.safety_board
    if rules is None or not rules.holds_randomisation:
        return
    opened = board.opened(cursor)
    for _, level in stratum:
        if level in rules.opens and level not in opened:
            raise WaitsForBoard(
                level,
                say(
                    "{level} opens when the board has reviewed {opens} treated participants, and says so",
                    level=level,
                    opens=rules.opens[level],
                ),
            )
    if rules.sentinel_count and board.SENTINEL not in opened:
        _require_sentinel(rules, site, dict(stratum), at)


def _require_sentinel(
    rules: SafetyBoard, site: str, stratum: Mapping[str, str], at: datetime
) -> None:
    first = board.first()
    if len(first) >= rules.sentinel_count:
        raise WaitsForBoard(
            board.SENTINEL,
            say(
                "the first {sentinel_count} have not been reviewed yet",
                sentinel_count=rules.sentinel_count,
            ),
        )
    for level in stratum.values():
        most = rules.sentinel_levels.get(level)
        if most is not None and sum(level in one.levels for one in first) >= most:
            raise WaitsForBoard(
                board.SENTINEL,
                say(
                    "{most} of the first {sentinel_count} are {level} already; the others have another level",
                    most=most,
                    sentinel_count=rules.sentinel_count,
                    level=level,
                ),
            )
    gap = timedelta(hours=rules.sentinel_gap_hours or 0)
    if any(one.site == site and at - one.at < gap for one in first):
        raise WaitsForBoard(
            board.SENTINEL,
            say(
                "the first {sentinel_count} start {sentinel_gap_hours} hours apart at each site",
                sentinel_count=rules.sentinel_count,
                sentinel_gap_hours=f"{rules.sentinel_gap_hours:g}",
            ),
        )
