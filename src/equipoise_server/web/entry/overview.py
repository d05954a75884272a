"""What is to be done for one participant: records that are due, eligibility, actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from equipoise.eligibility import assess, is_eligible
from equipoise.participant import ParticipantState, timeline
from equipoise.protocol.model import Study
from equipoise.schedule import Due, due
from equipoise.schedule.matrix import DAILY, DOSING, LOG
from equipoise_server.services.participants.randomisation_record import (
    REQUIRED as RANDOMISATION_ITEMS,
)
from equipoise_server.store import documents
from equipoise_server.store.queries import consents, records
from equipoise_server.store.queries.records import Head, Key
from equipoise_server.store.save import visits_of
from equipoise_server.web.entry.actions import offers
from equipoise_server.web.entry.spot import KIND, who
from equipoise_server.web.entry.watching import AFTER, newest
from equipoise_server.web.entry.words import VERDICTS
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.specials import reports_on, specials
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.visibility import sees_doses, visible_forms
from equipoise_server.web.shared.words import CELLS, PARTICIPANT, Badge, Words

_ORDER = {"overdue": 0, "due": 1, "in-progress": 2, "optional": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFill:
    """A record to fill in: what, where, by when, how it stands."""

    title: str
    visit: Words
    by: str
    badge: Badge
    url: str
    order: tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One criterion. `missing` are answers that it waits for, each with a link or none."""

    text: str
    kind: Words
    badge: Badge
    missing: tuple[tuple[str, str], ...]


@require_safe
@page_for(KIND)
def work(page: Page, code: str) -> HttpResponse:
    """Everything to do for one participant, each row leading to where it is done."""
    state, at = who(page, code), timezone.now()
    forms = visible_forms(page.study, page.viewer.roles_at(state.site))
    heads = {head.key: head for head in records.heads([code]).get(code, [])}
    known = documents.answers(page.study, documents.records_of(page.study, code))
    dues = _dues(page, state, heads, known, at)
    judged = _verdicts(page, state, dues, known, forms)
    context = {
        "code": code,
        "state": state,
        "badge": PARTICIPANT.get(state.status),
        "locked": page.trial is not None and page.trial.locked_at is not None,
        "to_fill": _to_fill(page, state, dues, heads, forms),
        "logs": _logs(page, state, forms) if state.consented else (),
        "specials": specials(page, [(state, page.study)]).get(code, ()),
        "reports": _reports(page, state) if state.randomised else (),
        "verdicts": judged,
        "eligible": bool(judged) and is_eligible(assess(page.study.protocol, known)),
        "offers": offers(page, state, at),
        "dose": _dose(page, state, dues),
        "running": _running(page, state),
        "watch": _watch(page, state, forms, known, at),
        "done": page.request.GET.get("done", ""),
        "to_sign": consents.anew_for(state, timezone.now()),
        "may_consent": page.viewer.sees_site("consenting", state.site),
        "kit": state.kit if sees_doses(page.viewer.roles_at(state.site)) else None,
        "crumbs": (
            (_("Participants"), reverse("site:participants")),
            (code, reverse("site:participant", args=[code])),
        ),
    }
    return render(page, "entry/work.html", context)


def _dues(
    page: Page,
    state: ParticipantState,
    heads: Mapping[Key, Head],
    known: Mapping[str, object],
    at: datetime,
) -> tuple[Due, ...]:
    study, zone = page.study, page.zone_of(state.site)
    lived = timeline(
        state, recorded=heads, answers=known, zone=zone, samples=study.participants.samples
    )
    return due(study.protocol, lived, at.astimezone(ZoneInfo(zone)).date())


def _to_fill(
    page: Page,
    state: ParticipantState,
    dues: tuple[Due, ...],
    heads: Mapping[Key, Head],
    forms: frozenset[str],
) -> tuple[ToFill, ...]:
    dosing = page.study.protocol.dosing
    administration = dosing.administration_form if dosing else ""
    found = []
    for one in dues:
        head = heads.get((one.form, one.visit, one.number))
        standing = "in-progress" if head and head.status == "in-progress" else one.state
        at_dose = one.form == administration and one.visit == DOSING and head is None
        itself = at_dose or _by_randomising(page.study, one.form)
        if standing in _ORDER and one.form in forms and not itself:
            found.append(_row(page, state, one, standing))
    return tuple(sorted(found, key=lambda one: one.order))


def _by_randomising(study: Study, form: str) -> bool:
    """Whether randomisation itself fills the form in."""
    return {item.id for item in study.forms[form].items()} >= RANDOMISATION_ITEMS


def _row(page: Page, state: ParticipantState, one: Due, standing: str) -> ToFill:
    optional = Badge(icon="ring", label=_("only where indicated"))
    return ToFill(
        title=form_title(page.study, one.form, page.language, one.number),
        visit=visit_title(page.study, one.visit, page.language),
        by=one.last.isoformat(),
        badge=CELLS.get(standing, optional),
        url=reverse("entry:form", args=(state.code, one.form, one.visit, one.number)),
        order=(_ORDER[standing], one.last.isoformat()),
    )


def _logs(
    page: Page, state: ParticipantState, forms: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """Forms that can be opened at any time: the next number, or the one record there is."""
    named = {
        form
        for activity in page.study.protocol.schedule
        if activity.log
        for form in activity.forms
        if form in forms
    }
    named -= reports_on(page.study).keys()
    event = page.study.protocol.safety.event_form
    ordered = sorted(named, key=lambda form: (form != event, form))
    return tuple(
        (form_title(page.study, form, page.language), _log_url(page.study, state.code, form))
        for form in ordered
    )


def _reports(page: Page, state: ParticipantState) -> tuple[tuple[str, str], ...]:
    """Special situations that can be reported, each with the way to its form."""
    return tuple(
        (one.title.say(page.language), _log_url(page.study, state.code, form))
        for form, one in reports_on(page.study).items()
        if page.viewer.may("report a special situation", state.site)
    )


def _log_url(study: Study, code: str, form: str) -> str:
    if study.forms[form].repeats:
        return reverse("entry:next", args=(code, form))
    return reverse("entry:form", args=(code, form, LOG, 0))


def _dose(page: Page, state: ParticipantState, dues: tuple[Due, ...]) -> str:
    """The way to the bedside page, where a dose is expected and the viewer may give it."""
    waits = any(one.visit == DOSING and one.state in ("due", "overdue") for one in dues)
    gives = page.viewer.may("administer", state.site)
    return reverse("entry:dose", args=[state.code]) if waits and gives else ""


def _running(page: Page, state: ParticipantState) -> str:
    """The way to the page that ends a dose which was started and not stopped."""
    dosing, dose = page.study.protocol.dosing, newest(state)
    items = dosing.items if dosing else None
    if dosing is None or items is None or items.stop is None or dose is None:
        return ""
    if not page.viewer.may("administer", state.site):
        return ""
    form = dosing.administration_form
    saved = records.versions(state.code, form, DOSING, dose.number)
    ended = not saved or items.stop in (saved[0].answers or {})
    return "" if ended else reverse("entry:stop", args=(state.code, dose.number))


def _watch(
    page: Page,
    state: ParticipantState,
    forms: frozenset[str],
    known: Mapping[str, object],
    at: datetime,
) -> str:
    """The way to the observation of the newest dose, until it is closed."""
    dosing, dose = page.study.protocol.dosing, newest(state)
    if dosing is None or dosing.reaction_sheet is None or dosing.reaction_form not in forms:
        return ""
    if dose is None or at - dose.at > AFTER:
        return ""
    form, number = dosing.reaction_form, dosing.reaction_sheet.number
    closed = known.get(f"{form}.{number}") == dose.number and all(
        f"{form}.{one}" in known for one in dosing.reaction_items
    )
    return "" if closed else reverse("entry:watch", args=[state.code])


def _verdicts(
    page: Page,
    state: ParticipantState,
    dues: tuple[Due, ...],
    known: Mapping[str, object],
    forms: frozenset[str],
) -> tuple[Verdict, ...]:
    """Every criterion with its verdict, until the person is randomised."""
    if not state.consented or state.randomised or state.failure is not None:
        return ()
    protocol, language = page.study.protocol, page.language
    texts = {one.id: one.text.say(language) for one in protocol.eligibility}
    kinds = {"inclusion": _("must apply"), "exclusion": _("must not apply")}
    return tuple(
        Verdict(
            text=texts[one.criterion],
            kind=kinds[one.kind],
            badge=VERDICTS[one.verdict],
            missing=tuple(_missing(page, state, name, dues, forms) for name in one.missing),
        )
        for one in assess(protocol, known)
    )


def _missing(
    page: Page, state: ParticipantState, name: str, dues: tuple[Due, ...], forms: frozenset[str]
) -> tuple[str, str]:
    """What an answer is called, and the address of the form that asks for it."""
    home, _dot, item = name.rpartition(".")
    study, wanted = page.study, home.rpartition(".")[2]
    for form in study.forms.values():
        found = form.item(item)
        if found is None or form.id not in forms or (wanted and form.id != wanted):
            continue
        place = _place(study, form.id, dues)
        label = found.text.say(page.language)
        if place is None:
            return label, ""
        where = reverse("entry:form", args=(state.code, form.id, *place))
        return label, f"{where}#f-{item}"
    derived = next((one for one in study.protocol.derived if one.id == name), None)
    return (derived.text.say(page.language) if derived else name), ""


def _place(study: Study, form: str, dues: tuple[Due, ...]) -> tuple[str, int] | None:
    """Where a form is filled in now: where it is expected, else at its first planned visit."""
    for one in dues:
        if one.form == form and one.visit not in (DAILY, DOSING, LOG):
            return one.visit, one.number
    planned = visits_of(study, form)
    first = next((one.id for one in study.protocol.visits if one.id in planned), None)
    return (first, 0) if first else None
