"""The plain summary of results: released by the sponsor, delivered to each who wished it.

Who wished it said so when they signed. Delivery is one row per person: `queued` once the
letter is in the queue, `no-contact` where there is no address or contact was withdrawn, and
when the page was opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from equipoise.digest import canonical_json, sha256
from equipoise.errors import AlreadyRecorded, FormIncomplete, NotLocked, UnknownRecord
from equipoise_server.services.access import permissions
from equipoise_server.services.own_pages.participant_mail import tell
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import consenting, ledger
from equipoise_server.store import study as studies
from equipoise_server.store.models import (
    ConsentGiven,
    ResultsDelivery,
    ResultsRelease,
    Trial,
    User,
)

WISH = "results"
LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How far the delivery got: who wished it, was written to, cannot be reached, has read it."""

    wished: int
    queued: int
    unreachable: int
    opened: int


def release_results(texts: Mapping[str, str], *, by: User, at: datetime, key: str) -> str:
    """Release the summary, in every language of the study; `tick` delivers it. The digest.

    Raises:
        FormIncomplete: a language is missing, or a text is too long.
        NotLocked: the study is not locked, so there are no results.
        AlreadyRecorded: these very texts were released.
        NotPermitted, KeyReused.

    """
    said = {language: text.strip() for language, text in texts.items()}
    languages = studies.active().protocol.languages
    wrong = [one for one in languages if not 0 < len(said.get(one, "")) <= LONGEST]
    if wrong:
        raise FormIncomplete(tuple(wrong))
    request = Request(verb="release the results", by=by, at=at, key=key, body=said)
    return str(perform(request, lambda: _release(request, said))["digest"])


def _release(request: Request, texts: dict[str, str]) -> Answer:
    by, at = request.by, request.at
    digest = sha256(canonical_json(texts))
    with connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        permissions.require(cursor, request.verb, by=by, at=at)
        if not Trial.objects.filter(locked_at__isnull=False).exists():
            raise NotLocked("releasing the summary of results")
        if ResultsRelease.objects.filter(pk=digest).exists():
            raise AlreadyRecorded("The study", "This summary")
        ResultsRelease.objects.create(digest=digest, texts=texts, by=by.username, at=at)
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=consenting.RELEASED,
            by=by.username,
            at=at,
            payload={"digest": digest, "languages": sorted(texts)},
        )
    return {"digest": digest}


def wishers() -> tuple[str, ...]:
    """The codes of those whose last consent says that they want the summary."""
    last: dict[str, bool] = {}
    rows = ConsentGiven.objects.order_by("at").values_list("participant_id", "content")
    for code, content in rows:
        last[str(code)] = WISH in json.loads(content)["wishes"]
    return tuple(sorted(code for code, wanted in last.items() if wanted))


def deliver_results(*, at: datetime) -> int:
    """Write to everybody who wished the newest summary and was not written to; how many."""
    release = newest_release()
    if release is None:
        return 0
    known = set(
        ResultsDelivery.objects.filter(release=release).values_list("participant", flat=True)
    )
    done = 0
    for code in wishers():
        if code not in known:
            reached = tell(
                code, "results-ready", key=f"results/{release.pk[:16]}/{code}", path="/me/results/"
            )
            ResultsDelivery.objects.create(
                release=release,
                participant_id=code,
                state="queued" if reached else "no-contact",
                at=at,
            )
            done += reached
    return done


def newest_release() -> ResultsRelease | None:
    """The summary that was released last."""
    return ResultsRelease.objects.order_by("-at").first()


def open_results(code: str, language: str, *, at: datetime) -> str:
    """The summary for somebody who wished it; that it was opened is noted.

    Raises:
        UnknownRecord: not released, or this person did not wish it.

    """
    release = newest_release()
    if release is None or code not in wishers():
        raise UnknownRecord("summary of results for this participant")
    row, _made = ResultsDelivery.objects.get_or_create(
        release=release, participant_id=code, defaults={"state": "queued", "at": at}
    )
    if row.opened_at is None:
        row.opened_at = at
        row.save(update_fields=["opened_at"])
    texts: dict[str, str] = release.texts
    return texts.get(language) or next(iter(texts.values()))


def delivery() -> Delivered:
    """How far the delivery of the newest summary got."""
    release = newest_release()
    rows = list(ResultsDelivery.objects.filter(release=release)) if release else []
    return Delivered(
        wished=len(wishers()),
        queued=sum(one.state == "queued" for one in rows),
        unreachable=sum(one.state == "no-contact" for one in rows),
        opened=sum(one.opened_at is not None for one in rows),
    )
