"""What is to be done: doses, visits in their window, overdue records, findings, clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from equipoise.participant import ParticipantState, given
from equipoise.safety import deadlines, standing
from equipoise.schedule import next_dose
from equipoise.schedule.matrix import DOSING, LOG
from equipoise_server.store import study as studies
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records
from equipoise_server.store.queries.finalising import unsigned
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.specials import specials
from equipoise_server.web.shared.values import form_title, plain_text, said, visit_title
from equipoise_server.web.shared.visibility import sees_doses, visible_forms
from equipoise_server.web.site import contact_tasks
from equipoise_server.web.site.bedside_tasks import bedside_tasks
from equipoise_server.web.site.consent_tasks import consent_tasks
from equipoise_server.web.site.course import Course, courses

SHOWN = 8
AFTERWARDS = timedelta(days=30)
IN_TRIAL = ("screening", "consented", "randomised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do: about whom, what, by when, and where it is done."""

    who: str
    what: str
    detail: str
    when: str
    url: str
    icon: str
    tone: str
    order: str = ""
    typed: bool = False  # the detail holds somebody's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tasks of one kind, most urgent first; `more` are not shown."""

    id: str
    title: str
    empty: str
    tasks: tuple[Task, ...]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The first page of site staff."""

    sections: tuple[Section, ...]
    participants: int
    in_trial: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do at all."""
        return not any(section.total for section in self.sections)


def today(page: Page) -> Today:
    """Everything to do at the viewer's sites."""
    sites = page.viewer.sites("site work")
    every = people.states(sites, cut=page.moment.cut)
    active = [state for state in every if _busy(state, page.moment.on)]
    lived = courses(page, active)
    doses: list[Task] = []
    visits: list[Task] = []
    overdue: list[Task] = []
    for course in lived:
        roles = page.viewer.roles_at(course.state.site)
        forms = visible_forms(course.study, roles)
        doses += [Task(**one) for one in bedside_tasks(page, course, forms)]
        doses += _dose(page, course) if sees_doses(roles) else []
        visits += _visits(page, course, forms, "due")
        overdue += _visits(page, course, forms, "overdue")
    asked = list(_findings(page, sites))
    clocks = [task for course in lived for task in _clocks(page, course)]
    clocks += _special_clocks(page, lived)
    return Today(
        sections=(
            _section("clocks", _("Reporting clocks running"), _("No clock is running."), clocks),
            _section(
                "consent",
                _("Consent and messages"),
                _("Nothing waits about consent."),
                [Task(**one) for one in consent_tasks(page)],
            ),
            _section("doses", _("Doses and looks"), _("No dose and no look is due."), doses),
            _section("visits", _("Due and in window"), _("Nothing is due today."), visits),
            _section("overdue", _("Overdue"), _("Nothing is overdue."), overdue),
            _section("findings", _("Queries to answer"), _("No query is open."), asked),
            _section(
                "contacts",
                _("Messages to answer"),
                _("No message waits."),
                (Task(**contact_tasks.words(one)) for one in contact_tasks.waiting(page)),
            ),
            _section(
                "signatures",
                _("Waiting for your signature"),
                _("Nothing waits for your signature."),
                _signatures(page, sites),
            ),
        ),
        participants=len(every),
        in_trial=sum(1 for state in every if state.status == "randomised"),
    )


def _busy(state: ParticipantState, on: date) -> bool:
    """Whether there can be work: in the trial, or events were reported and it ended lately."""
    ended = state.died_on or state.completed_on
    lately = ended is not None and on - ended <= AFTERWARDS
    return state.status in IN_TRIAL or bool(state.reported and lately)


def of_one(page: Page, course: Course, forms: Collection[str]) -> tuple[Task, ...]:
    """What is next for one participant, most urgent first."""
    roles = page.viewer.roles_at(course.state.site)
    tasks = _clocks(page, course) + _special_clocks(page, [course])
    tasks += [Task(**one) for one in bedside_tasks(page, course, forms)]
    tasks += _dose(page, course) if sees_doses(roles) else []
    tasks += _visits(page, course, forms, "overdue") + _visits(page, course, forms, "due")
    return tuple(tasks[:SHOWN])


def _section(name: str, title: str, empty: str, tasks: Iterable[Task]) -> Section:
    found = sorted(tasks, key=lambda one: one.order)
    return Section(id=name, title=title, empty=empty, tasks=tuple(found[:SHOWN]), total=len(found))


def _dose(page: Page, course: Course) -> list[Task]:
    """The next dose, where the schedule expects one by the end of the day."""
    dosing, state = course.study.protocol.dosing, course.state
    waiting = any(one.visit == DOSING and one.state in ("due", "overdue") for one in course.dues)
    if dosing is None or not waiting:
        return []
    answer = next_dose(
        dosing, given(state), page.moment.at, None, randomised_at=state.randomised_at
    )
    soon = page.moment.at + timedelta(hours=dosing.interval_hours)
    if answer.number is None or answer.closes is None or (answer.opens and answer.opens > soon):
        return []
    opens = plain_text(answer.opens or page.moment.at, course.zone)
    closes = plain_text(answer.closes, course.zone)
    what = _("Dose %(number)s of %(all)s") % {"number": answer.number, "all": dosing.doses}
    may = _("may be given now") if answer.allowed else _("not yet: wait for the window")
    return [
        Task(
            who=state.code,
            what=what,
            detail=f"{state.code} · {may}",
            when=_window(opens, closes),
            url=_dose_url(page, state),
            icon="drop",
            tone="info" if answer.allowed else "plain",
            order=opens,
        )
    ]


def _window(opens: str, closes: str) -> str:
    """From when to when; with the days where it ends on another day."""
    since = 11 if opens[:10] == closes[:10] else 5
    return f"{opens[since:]} – {closes[since:]}"


def _dose_url(page: Page, state: ParticipantState) -> str:
    """The bedside for who gives doses; the strip of doses for everybody else."""
    gives = page.viewer.may("administer", state.site) and not page.moment.past
    return reverse("entry:dose", args=[state.code]) if gives else _url(state.code, "#doses")


def _visits(page: Page, course: Course, forms: Collection[str], state: str) -> list[Task]:
    """One task per visit whose records are due or overdue; doses have their own."""
    waiting: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for one in course.dues:
        if one.state == state and one.form in forms and one.visit != DOSING:
            title = form_title(course.study, one.form, page.language)
            waiting[one.visit].append((one.last, title))
    return [_visit(page, course, visit, late, state) for visit, late in waiting.items()]


def _visit(
    page: Page, course: Course, visit: str, waiting: list[tuple[date, str]], state: str
) -> Task:
    last = max(day for day, _title in waiting)
    titles = list(dict.fromkeys(title for _day, title in waiting))
    shown = ", ".join(titles[:4]) + (" …" if len(titles) > 4 else "")
    count = ngettext("%(n)s record", "%(n)s records", len(waiting)) % {"n": len(waiting)}
    by = _("by %(day)s") if state == "due" else _("was due by %(day)s")
    return Task(
        who=course.state.code,
        what=f"{visit_title(course.study, visit, page.language)} · {count}",
        detail=f"{course.state.code} · {shown}",
        when=by % {"day": last.isoformat()},
        url=_visit_url(page, course.state, visit),
        icon="clock" if state == "overdue" else "calendar",
        tone="bad" if state == "overdue" else "info",
        order=last.isoformat(),
    )


def _visit_url(page: Page, state: ParticipantState, visit: str) -> str:
    """Where the records are filled in; where nothing can be, where they are read."""
    works = page.viewer.may("record", state.site) and not page.moment.past
    if works and page.trial is not None and page.trial.locked_at is None:
        return reverse("entry:work", args=[state.code])
    return _url(state.code, f"#visit-{visit}")


def _findings(page: Page, sites: Collection[str] | None) -> Iterable[Task]:
    found = records.findings(sites=sites, cut=page.moment.cut)
    under = studies.of_participants({one.participant for one in found}, cut=page.moment.cut)
    for one in found:
        study = under[one.participant]
        forms = visible_forms(study, page.viewer.roles_at(one.site))
        if one.form in forms and not one.answered:
            yield Task(
                who=one.participant,
                what=form_title(study, one.form, page.language, one.number),
                detail=f"{one.participant} · {said(one.message, page.language)}",
                typed=True,
                when=_("since %(day)s") % {"day": page.moment.local(one.opened_at).date()},
                url=reverse("data:query", args=[one.id]),
                icon="question",
                tone="warn",
                order=one.opened_at.isoformat(),
            )


def _signatures(page: Page, sites: Collection[str] | None) -> Iterable[Task]:
    """One task per participant and meaning; the past of a demonstration has none."""
    if page.moment.past:
        return
    mine = [
        one
        for one in unsigned(sites)
        if one.role in page.viewer.roles_at(one.site) and one.status in ("complete", "queries")
    ]
    under = studies.of_participants({one.participant for one in mine})
    for (rule, code), some in groupby(mine, key=lambda one: (one.rule, one.participant)):
        waiting, study = list(some), under[code]
        titles = dict.fromkeys(form_title(study, one.form, page.language) for one in waiting)
        meaning = next(one.meaning for one in study.protocol.signatures if one.id == rule)
        yield Task(
            who=code,
            what=meaning.say(page.language),
            detail=f"{code} · {', '.join(titles)}",
            when=ngettext("%(n)s record", "%(n)s records", len(waiting)) % {"n": len(waiting)},
            url=reverse("finalise:sign", args=(code, rule)),
            icon="pen",
            tone="info",
            order=code,
        )


def _clocks(page: Page, course: Course) -> list[Task]:
    """Duties of events that still run; when one was met is not recorded yet."""
    rules, cut = course.study.protocol.safety, page.moment.cut
    if not course.state.reported or not rules.clocks:
        return []
    known = records.answers(course.study, [course.state.code], [rules.event_form], cut=cut)
    titles = {clock.id: clock.text.say(page.language) for clock in rules.clocks}
    tasks = []
    for record in known.get(course.state.code, []):
        aware = _aware(page, course, record.number)
        if aware is None:
            continue
        tasks += [
            _clock(page, course, record.number, titles[one.clock], one.due_at)
            for one in deadlines(rules, record.values, aware)
            if standing(one, at=page.moment.at) == "running"
        ]
    return tasks


def _aware(page: Page, course: Course, number: int) -> datetime | None:
    """When the event's record was first saved: what the site is known to have known."""
    rules = course.study.protocol.safety
    versions = records.versions(course.state.code, rules.event_form, LOG, number)
    return versions[-1].at if versions else None


def _clock(page: Page, course: Course, number: int, title: str, due_at: datetime) -> Task:
    rules = course.study.protocol.safety
    return Task(
        who=course.state.code,
        what=title,
        detail=f"{course.state.code} · {form_title(course.study, rules.event_form, page.language, number)}",
        when=_("by %(day)s") % {"day": plain_text(due_at, course.zone)},
        url=reverse("site:record", args=(course.state.code, rules.event_form, LOG, number)),
        icon="alert",
        tone="bad",
        order=due_at.isoformat(),
    )


def _special_clocks(page: Page, lived: Collection[Course]) -> list[Task]:
    """Special situations, such as a pregnancy, that are to be reported; of who may read the form."""
    zones = {course.state.code: course for course in lived}
    found = specials(page, [(course.state, course.study) for course in lived])
    return [
        Task(
            who=one.code,
            what=_("%(what)s: %(standing)s") % {"what": one.title, "standing": one.words},
            detail=one.code,
            when=_("by %(day)s") % {"day": plain_text(one.due_at, zones[one.code].zone)},
            url=one.url,
            icon="alert",
            tone="bad",
            order=one.due_at.isoformat(),
        )
        for several in found.values()
        for one in several
        if one.due_at is not None
    ]


def _url(code: str, anchor: str = "") -> str:
    return reverse("site:participant", args=[code]) + anchor
