"""The public side of a demonstration: volunteers, notes, sources, messages, the summary of results.

What belongs to the trial happens in its own days. Messages of the public that still wait come in
the days before the demonstration is made, so that their queue shows ages that somebody can act on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from equipoise.exchange.listing import of_study
from equipoise.exchange.plain_summary import LANGUAGES, as_text, plain_summary
from equipoise.protocol.model import Study
from equipoise_server.commands.demo_consents import NOWHERE, QUESTIONS, ConsentDesk
from equipoise_server.services.letters import links
from equipoise_server.services.own_pages.deliver_results import (
    deliver_results,
    open_results,
    release_results,
)
from equipoise_server.services.own_pages.report_problem import report_problem
from equipoise_server.services.portal import answer_contact as contacts
from equipoise_server.services.portal.annotate import (
    annotate,
    answer_question,
    public_passages,
    share,
)
from equipoise_server.services.portal.contact_site import Message, contact_site
from equipoise_server.services.portal.count_public import count_public, name_source
from equipoise_server.services.portal.enter import save_study
from equipoise_server.services.portal.post_study import post_site, post_study
from equipoise_server.services.portal.sign_up import Wish, confirm, sign_up
from equipoise_server.services.portal.volunteers import by_address
from equipoise_server.store.models import User

Staff = Mapping[tuple[str, str], User]
VOLUNTEERS = 24
SOURCES = {"ward": "Leaflet on the wards", "gp-letter": "Letter to family doctors"}
VIEWED = ((36, "view", ""), (14, "pre-screen", ""), (11, "pre-screened", ""), (19, "view", "ward"))
VIEWED_TOO = (
    (8, "pre-screened", "ward"),
    (7, "view", "gp-letter"),
    (2, "pre-screened", "gp-letter"),
)
NAMES = {
    "zh-Hans": ("王秀兰", "李国强", "张晓敏", "陈伟"),
    "en": ("Mei Lin", "Tom Hale", "Ana Ruiz"),
}
NOTES = {
    "en": (
        "Ask my doctor about this.",
        "How long is one dose?",
        "Is parking free at the hospital?",
    ),
    "zh-Hans": ("问问我的医生。", "一次雾化要多长时间？", "住院期间可以用手机吗？"),
}
NOTED = ("summary", "what-happens", "risks")  # the pages that somebody writes notes on
REPLY = {"en": "About 15 minutes, sitting up.", "zh-Hans": "大约15分钟，坐着进行。"}
WAITING = ((2, "", False), (30, "", True), (80, "unknown", True))
"""Hours since, how the person fits, whether it was read: messages that wait for an answer."""
ENDED = ("not-fitting", "not-reached", "not-interested")


def open_portal(study: Study, staff: Staff, *, by: User, at: datetime) -> None:
    """Post the study with its sites to volunteers who signed up before; name sources; take notes."""
    for code, label in SOURCES.items():
        name_source(code=code, label=label, by=by, at=at, key=f"demo/source/{code}")
    people = _volunteers(study, at - timedelta(days=10))
    for place, site in enumerate(study.protocol.sites):
        post_site(
            site=site.id,
            status="recruiting",
            contact_name=staff["coordinator", site.id].full_name,
            contact_role="coordinator",
            phone=f"+8657788000{place:03d}",
            mail=f"{site.id}@{NOWHERE}",
            by=by,
            at=at,
            key=f"demo/post/{site.id}",
        )
    post_study(by=by, at=at, key="demo/post")
    for times, step, source in (*VIEWED, *VIEWED_TOO):
        for number in range(times):
            count_public(step, on=(at + timedelta(days=3 * number)).date(), source=source)
    _notes(study, people, by, at + timedelta(days=20))


def _volunteers(study: Study, at: datetime) -> list[tuple[str, str]]:
    """Token and language of each volunteer."""
    topics = of_study(study, status="recruiting", sites=()).topics or ("infection",)
    languages, found = study.protocol.languages, []
    for number in range(VOLUNTEERS):
        language = languages[number % len(languages)]
        names = NAMES.get(language, NAMES["en"])
        address, then = f"volunteer{number}@{NOWHERE}", at + timedelta(hours=7 * number)
        wish = Wish(
            address=address,
            name=names[number % len(names)] if number % 3 else "",
            topics=(topics[number % len(topics)],),
            rhythm="at-once" if number % 2 else "digest",
            consents=("alerts", "keep") if number % 3 else ("alerts",),
            language=language,
        )
        sign_up(wish, at=then)
        row = by_address(address)
        if row is not None and number % 8 != 7:  # the others never confirmed
            confirm(links.make("confirm", row.token), at=then + timedelta(minutes=9))
            if number % 2 == 0:
                save_study(row.token, study.protocol.id, at=then + timedelta(minutes=20))
            found.append((row.token, language))
    return found


def _notes(study: Study, people: list[tuple[str, str]], by: User, at: datetime) -> None:
    """Private notes, questions that wait, questions that were answered."""
    for number, (person, language) in enumerate(people[:9]):
        whole = public_passages(study, language)
        every = [one for one in whole if one.id.startswith(NOTED)] or list(whole)
        said = NOTES.get(language, NOTES["en"])
        if not every:
            continue
        note = annotate(
            person,
            study=study,
            language=language,
            paragraph=every[3 * number % len(every)].id,
            text=said[number % len(said)],
            at=at,
        )
        if number % len(said):
            share(person, note, at=at + timedelta(minutes=5))
        if number % len(said) == 1 and number < 6:
            text = REPLY.get(language, REPLY["en"])
            answer_question(note, text=text, by=by, at=at + timedelta(days=1))


def afterwards(
    study: Study, desk: ConsentDesk, staff: Staff, results: Path, *, at: datetime, now: datetime
) -> None:
    """When the study is locked: its summary, and what the public still writes to the site.

    `results`: the results.json of the analysis.
    """
    texts = drafts(study, json.loads(results.read_text(encoding="utf-8")))
    _report_results(texts, desk, staff, at=at)
    _leave_messages(study, desk, staff, now=now)


def drafts(study: Study, results: Mapping[str, Any]) -> dict[str, str]:
    """The draft of the summary, as it is, in every language of the study or else in English."""
    return {
        one: as_text(
            plain_summary(study, results, language=one if one in LANGUAGES else LANGUAGES[0])
        )
        for one in study.protocol.languages
    }


def _report_results(
    texts: Mapping[str, str], desk: ConsentDesk, staff: Staff, *, at: datetime
) -> None:
    """The sponsor releases the summary; it is delivered, and most of them read it."""
    sponsor = next(user for (role, _), user in staff.items() if role == "sponsor")
    release_results(texts, by=sponsor, at=at, key="demo/results")
    deliver_results(at=at)
    for number, code in enumerate(sorted(desk.wishing)):
        if number % 3:
            open_results(code, desk.signed[code], at=at + timedelta(hours=number))


def leave_problems(desk: ConsentDesk, *, at: datetime) -> None:
    """Two participants tell of something that nobody has answered yet."""
    for number, code in enumerate(desk.reachable[:2]):
        chinese = desk.signed.get(code) == "zh-Hans"
        report_problem(
            code,
            text="昨晚开始咳嗽加重。" if chinese else "I have coughed more since last night.",
            phone="",
            urgent=number == 0,
            at=at - timedelta(hours=1 + 2 * number),
        )


def _leave_messages(study: Study, desk: ConsentDesk, staff: Staff, *, now: datetime) -> None:
    """What the public wrote to the site with the logins: some of it waits, some is over."""
    coordinator = staff["coordinator", desk.shown]
    for number, (hours, fit, read) in enumerate(WAITING):
        token = _message(study, desk.shown, number, fit, now - timedelta(hours=hours))
        if read:
            contacts.read_enquiry(token, by=coordinator, at=now - timedelta(hours=hours - 1))
            called = now - timedelta(hours=hours - 2)
            key = f"demo/call/{number}"
            contacts.note_call(token, result="no-answer", by=coordinator, at=called, key=key)
    for number, outcome in enumerate(ENDED, start=len(WAITING)):
        then = now - timedelta(days=number)
        token = _message(study, desk.shown, number, "does-not", then)
        over, key = then + timedelta(hours=5), f"demo/close/{number}"
        contacts.close_enquiry(token, outcome=outcome, by=coordinator, at=over, key=key)


def _message(study: Study, site: str, number: int, fit: str, at: datetime) -> str:
    languages = study.protocol.languages
    language = languages[number % len(languages)]
    names = NAMES.get(language, NAMES["en"])
    wrote = Message(
        study=study.protocol.id,
        site=site,
        name=names[number % len(names)],
        address=f"writer{number}@{NOWHERE}",
        phone=f"+861380001{number:04d}",
        window="18:00-20:00",
        text=QUESTIONS.get(language, QUESTIONS["en"])[number % 2][0],
        language=language,
        consent=True,
        fit=fit,
        source="gp-letter" if number % 2 else "",
    )
    return contact_site(wrote, at=at)
