"""Whether somebody may fit: the public criteria as questions. It decides nothing and keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone

from equipoise.protocol.model import Criterion, Study
from equipoise_server.services.portal.count_public import count_public
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.public_form import public_form
from equipoise_server.web.shared.rendering import render

ANSWERS = ("yes", "no", "unknown")
_PREFIX = "a."
_CONSENT = re.compile(r"\bconsent_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One criterion as a question, with the answer given so far."""

    id: str
    text: str
    answer: str
    verdict: str


def asked(study: Study) -> tuple[Criterion, ...]:
    """The public criteria that somebody can answer before consent."""
    return tuple(
        one
        for one in study.protocol.eligibility
        if one.public and one.plain and not _CONSENT.search(one.rule)
    )


def questions(study: Study, language: str, answers: Mapping[str, str]) -> tuple[Question, ...]:
    """Every question, each with its answer and what it means."""
    return tuple(
        Question(
            id=one.id,
            text=(one.plain or one.text).say(language),
            answer=answers.get(one.id, ""),
            verdict=verdict(one, answers.get(one.id, "")),
        )
        for one in asked(study)
    )


def verdict(criterion: Criterion, answer: str) -> str:
    """`fits`, `does-not` or `unknown`. No answer is unknown; nothing unknown fits."""
    if answer not in ("yes", "no"):
        return "unknown"
    return "fits" if (answer == "yes") is (criterion.kind == "inclusion") else "does-not"


def overall(found: tuple[Question, ...]) -> str:
    """What all answers together say."""
    verdicts = {one.verdict for one in found}
    if "does-not" in verdicts:
        return "does-not"
    return "unknown" if "unknown" in verdicts or not found else "fits"


def answers_in(study: Study, sent: Mapping[str, str]) -> dict[str, str]:
    """The answers in a form, without anything else that it may hold."""
    known = {one.id for one in asked(study)}
    given = {name[2:]: value for name, value in sent.items() if name.startswith(_PREFIX)}
    return {name: value for name, value in given.items() if name in known and value in ANSWERS}


@public_form
def fits(page: Page) -> HttpResponse:
    """Ask, and say what the answers mean; nothing is stored."""
    if page.trial is None:
        return render(page, "public/none.html")
    answers = answers_in(page.study, page.request.POST)
    found = questions(page.study, page.language, answers)
    asking = page.request.method != "POST"
    step = "pre-screen" if asking else "pre-screened"
    sent = page.request.GET if asking else page.request.POST
    source = sent.get("via", "")
    count_public(
        step,
        on=timezone.now().date(),
        source=source,
        agent=page.request.headers.get("User-Agent", ""),
    )
    context = {
        "questions": found,
        "overall": overall(found),
        "asking": asking,
        "via": source,
        "site": sent.get("site", ""),
    }
    return render(page, "public/fits.html", context)
