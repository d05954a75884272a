"""The demonstration's data managers and monitors: some queries, comparisons, codings, classes.

What they do follows from the seed alone, and happens in the order of the trial's days: each
participant's cleaning is done when the next of their days begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from equipoise.forms.verification import to_verify
from equipoise.schedule.matrix import LOG
from equipoise_server.commands.demo_imaging import Pictures, without_scores
from equipoise_server.commands.demo_special import Cases
from equipoise_server.commands.service_desk import ServiceDesk
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.check_data import check_data
from equipoise_server.services.cleaning.classify_deviation import classify_deviation
from equipoise_server.services.cleaning.close_query import close_query
from equipoise_server.services.cleaning.code_term import code_term
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.store import dictionaries
from equipoise_server.store.models import Finding, Record, User
from equipoise_server.store.queries import deviating

ASKED = 0.004  # of the records
COMPARED = 0.5  # of the participants, as far as the plan asks
CODED = 0.7  # of the texts that have a term much like them
LIKE = 0.6
QUESTIONS = (
    "Please check this against the source document.",
    "Is the date of this record right?",
    "This differs from the day before. Please confirm.",
    "请核对原始记录。",
)
ANSWERS = (
    "Checked: it is as in the source.",
    "Confirmed with the patient's chart.",
    "已核对，与原始记录一致。",
)

Act = Callable[[datetime], None]


@dataclass(slots=True, kw_only=True)
class CleaningDesk(ServiceDesk):
    """A service desk beside which data are cleaned. `waiting`: what is to be done, by participant."""

    waiting: dict[str, list[tuple[date, Act]]] = field(default_factory=dict)
    known: dict[str, str | None] = field(default_factory=dict)  # text -> code of its term
    pictures: Pictures | None = None
    special: Cases | None = None

    @contextmanager
    def day(self, *, participant: str, on: date) -> Iterator[None]:
        """First what waits, early in the day; then the day itself."""
        with super(CleaningDesk, self).day(participant=participant, on=on):
            self._work_off(participant, on)
            yield

    def record(self, **given: Any) -> None:
        """Save a record, and perhaps plan what will be asked, compared or coded about it."""
        code, pictures = given["participant"], self.pictures
        case = self.special.of(given, self.sites[code]) if self.special else None
        if case is not None:
            given["values"] = {**given["values"], **case.says}
        found = None if pictures is None else pictures.reading_of(given, self.sites[code])
        if pictures is None or found is None:
            super(CleaningDesk, self).record(**given)
        else:
            typed = without_scores(found[1], given["values"])
            super(CleaningDesk, self).record(**{**given, "values": typed})
            pictures.take(given, found, self._staff("coordinator", code), self._later)
        if self.special is not None and case is not None:
            self.special.report(case, given, self._staff("investigator", code), self._later)
        self._plan(**given)

    def report_event(self, **given: Any) -> None:
        """Report an event; its record is cleaned like any other."""
        super(CleaningDesk, self).report_event(**given)
        self._plan(**{**given, "form": self.study.protocol.safety.event_form, "visit": LOG})

    def finish_cleaning(self, at: datetime) -> None:
        """Do what is left, look at everything once more, and close what is open."""
        with transaction.atomic():
            for code in sorted(self.waiting):
                self._work_off(code, at.date() + timedelta(days=1), at)
            check_data(at=at)
            waiting = Finding.objects.filter(state="open").order_by("pk")
            for number in waiting.values_list("pk", flat=True):
                words = "Confirmed with the site: right as it is."
                self._close(int(number), words, at)
            for one in deviating.departures(None, status="open"):
                grave = one.proposed or "minor"
                classify_deviation(
                    deviation=one.id,
                    classification=grave,
                    text="Discussed with the site; people were reminded of the plan.",
                    by=self._staff("data manager", one.participant),
                    at=at,
                    key=f"demo/clean/class/{one.id}",
                )

    def _staff(self, role: str, participant: str) -> User:
        return self.staff[role, self.sites[participant]]

    def _chance(self, *what: object) -> float:
        text = "/".join(str(one) for one in (self.seed, *what))
        return int.from_bytes(sha256(text.encode()).digest()[:6], "big") / 2**48

    def _work_off(self, code: str, on: date, at: datetime | None = None) -> None:
        due = [one for one in self.waiting.get(code, ()) if one[0] <= on]
        if not due:
            return
        self.waiting[code] = [one for one in self.waiting[code] if one[0] > on]
        for _day, act in due:
            act(at or datetime.combine(on, time(0, 5), UTC))

    def _later(self, code: str, on: date, days: int, act: Act) -> None:
        self.waiting.setdefault(code, []).append((on + timedelta(days=days), act))

    def _plan(self, **given: Any) -> None:
        code, on = given["participant"], given["on"]
        place = {name: given[name] for name in ("participant", "form", "visit", "number")}
        key = f"{given['form']}/{given['visit']}/{given['number']}"
        if self.study.forms[given["form"]].audience != "blinded" or given.get("reason"):
            return
        if self._chance("ask", code, key) < ASKED:
            wait = 1 + int(3 * self._chance("wait", code, key))
            self._later(code, on, wait, lambda at: self._ask(place, key, at))
        if self._chance("compare", code) < COMPARED:
            self._compare(place, key, on)
        for one in self.study.cleaning.coding:
            text = given["values"].get(one.item) if one.form == given["form"] else None
            if isinstance(text, str) and self._chance("code", code, key, one.item) < CODED:
                self._code(place, one.item, one.dictionary, text, on)

    def _ask(self, place: dict[str, Any], key: str, at: datetime) -> None:
        code = place["participant"]
        form = self.study.forms[place["form"]]
        items = [item.id for item in form.items() if item.derive is None]
        pick = self._chance("which", code, key)
        role = "monitor" if pick < 0.4 else "data manager"
        number = open_query(
            **place,
            item=items[int(pick * len(items))],
            text=QUESTIONS[int(self._chance("words", code, key) * len(QUESTIONS))],
            by=self._staff(role, code),
            at=at,
            key=f"demo/clean/ask/{code}/{key}",
        )
        answer = ANSWERS[int(pick * len(ANSWERS))]
        days = 1 + int(6 * self._chance("answer", code, key))
        self._later(code, at.date(), days, lambda then: self._answer(number, code, answer, then))
        self._later(code, at.date(), days + 2, lambda then: self._close(number, "", then))

    def _answer(self, number: int, code: str, text: str, at: datetime) -> None:
        answer_query(
            query=number,
            text=text,
            by=self._staff("coordinator", code),
            at=at,
            key=f"demo/clean/answer/{number}",
        )

    def _close(self, number: int, text: str, at: datetime) -> None:
        one = Finding.objects.select_related("record").get(pk=number)
        by = self._staff("data manager", one.record.participant_id)
        close_query(query=number, text=text, by=by, at=at, key=f"demo/clean/close/{number}")

    def _compare(self, place: dict[str, Any], key: str, on: date) -> None:
        code = place["participant"]
        form = self.study.forms[place["form"]]
        items = to_verify(
            self.study.cleaning,
            form,
            participant=code,
            visit=place["visit"],
            number=place["number"],
        )
        if not items:
            return

        def act(at: datetime) -> None:
            verify_source(
                **place,
                items=items,
                expected=self._version(place),
                by=self._staff("monitor", code),
                at=at,
                key=f"demo/clean/verify/{code}/{key}",
            )

        self._later(code, on, 7, act)

    def _code(self, place: dict[str, Any], item: str, dictionary: str, text: str, on: date) -> None:
        if text not in self.known:
            best = next(iter(dictionaries.suggest(dictionary, text, limit=1)), None)
            self.known[text] = best.code if best and best.likeness >= LIKE else None
        term = self.known[text]
        if term is None:
            return
        code = place["participant"]

        def act(at: datetime) -> None:
            code_term(
                **place,
                item=item,
                code=term,
                expected=self._version(place),
                by=self._staff("data manager", code),
                at=at,
                key=f"demo/clean/code/{code}/{place['form']}/{place['number']}/{item}",
            )

        self._later(code, on, 4, act)

    @staticmethod
    def _version(place: dict[str, Any]) -> int:

        return Record.objects.values_list("version", flat=True).get(**place)
