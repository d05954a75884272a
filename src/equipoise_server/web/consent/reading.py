"""Reading a consent document step by step, at the bedside and through a link alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from equipoise.errors import EquipoiseError
from equipoise_server.services.consenting.consent_sign import sign_as_person
from equipoise_server.services.consenting.consent_talk import (
    Talk,
    answer_question,
    ask,
    asked_of,
    note_read,
    persons_of,
)
from equipoise_server.web.consent.drawn import html
from equipoise_server.web.consent.frame import CAPACITIES, attempt, refusal
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.rendering import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a section, the questions, or the signature."""

    number: int
    title: str
    done: bool
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A question for understanding with what was chosen. `right` None: not answered yet."""

    number: int
    text: str
    options: tuple[tuple[int, str, bool], ...]
    right: bool | None
    because: str


def reading(page: Page, talk: Talk, *, remote: bool) -> HttpResponse:
    """Show a step, or do what was sent from it and go on."""
    request, last = page.request, len(talk.document.sections) + 1
    step = _step(request.GET.get("step", ""), last)
    error = None
    if request.method == "POST":
        error = attempt(lambda: _do(page, talk, step))
        if error is None:
            onward = _onward(page, talk, step)
            return HttpResponseRedirect(f"?step={onward}#step")
    return _show(page, talk, step, error, remote=remote)


def _step(text: str, last: int) -> int:
    return min(int(text), last) if text.isdecimal() and len(text) < 5 else 0


def _onward(page: Page, talk: Talk, step: int) -> int:
    if "ask" in page.request.POST or step >= len(talk.document.sections):
        return step
    return step + 1


def _do(page: Page, talk: Talk, step: int) -> None:
    sent, token = page.request.POST, talk.row.token
    sections = len(talk.document.sections)
    if "ask" in sent:
        ask(token, sent.get("text", ""), at=timezone.now())
    elif step < sections:
        note_read(token, step)
    elif step == sections:
        for number in range(len(talk.document.questions)):
            chosen = sent.get(f"q{number}", "")
            if chosen.isdecimal():
                answer_question(token, number, int(chosen[:4]))
    else:
        ticked = [one for one in sent.getlist("agreed") if one.isdecimal()]
        sign_as_person(
            token,
            name=sent.get("name", "")[:200],
            agreed=[int(one[:4]) for one in ticked],
            wishes=sent.getlist("wish")[:20],
            at=timezone.now(),
        )


def _show(
    page: Page, talk: Talk, step: int, error: EquipoiseError | None, *, remote: bool
) -> HttpResponse:
    document, sections = talk.document, len(talk.document.sections)
    context: dict[str, Any] = {
        **refusal(error),
        "talk": talk.row,
        "document": document,
        "lead": html(document.lead),
        "steps": _steps(page, talk, step),
        "step": step,
        "next": step + 1,
        "sections": sections,
        "part": "sign" if step > sections else "questions" if step == sections else "section",
        "asked": asked_of(talk),
        "left": talk.left,
        "remote": remote,
        "frame": "shared/page.html" if remote else "consent/tablet_frame.html",
        "capacity": CAPACITIES[talk.row.capacity],
        "same_language": document.language == page.language,
    }
    if step < sections:
        context["section"] = document.sections[step]
        context["body"] = _body(talk, step)
    elif step == sections:
        context["questions"] = _posed(talk)
    else:
        context["signer"] = persons_of(talk)[talk.row.capacity]["name"]
    status = 400 if error else 200
    return render(page, "consent/reading.html", context, status=status)


def _body(talk: Talk, step: int) -> SafeString:
    return html(talk.document.sections[step].markdown, talk.document.glossary)


def _steps(page: Page, talk: Talk, step: int) -> tuple[Step, ...]:
    titles = [one.title for one in talk.document.sections]
    done = [number in talk.row.read for number in range(len(titles))]
    titles += [_("Did we explain it well?"), _("Sign")]
    done += ["questions" not in talk.left, talk.row.signed_at is not None]
    return tuple(
        Step(number=number, title=title, done=done[number], current=number == step)
        for number, title in enumerate(titles)
    )


def _posed(talk: Talk) -> tuple[Posed, ...]:
    chosen = talk.answered
    return tuple(
        Posed(
            number=number,
            text=one.text,
            options=tuple(
                (place, text, chosen.get(number) == place) for place, text in enumerate(one.options)
            ),
            right=None if number not in chosen else chosen[number] in one.right,
            because=one.because,
        )
        for number, one in enumerate(talk.document.questions)
    )
