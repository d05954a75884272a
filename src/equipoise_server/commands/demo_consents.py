"""The demonstration's people: names, and consent as a conversation that both sides sign.

At the site whose staff have the logins, and now and then elsewhere, consent is taken on the
tablet: read, questions asked and answered, signed by both sides, with a copy. The other sites
enter what was signed on paper. Who does what follows from the seed alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from equipoise.errors import AlreadyWithdrawn
from equipoise.participant import Level
from equipoise_server.commands.demo_cleaning import CleaningDesk
from equipoise_server.services.access import fresh_factor
from equipoise_server.services.consenting.consent_sign import (
    countersign,
    decline,
    purpose,
    sign_as_person,
)
from equipoise_server.services.consenting.consent_talk import (
    Persons,
    Talk,
    answer_asked,
    answer_question,
    ask,
    asked_of,
    begin_consent,
    note_read,
    talk_of,
)
from equipoise_server.services.own_pages.report_problem import answer_problem, report_problem
from equipoise_server.services.own_pages.withdraw_wish import wish_to_withdraw
from equipoise_server.services.portal.answer_contact import (
    answer_contact,
    hand_over,
    note_call,
    read_enquiry,
)
from equipoise_server.services.portal.contact_site import Message, contact_site
from equipoise_server.store.models import User

AT_SHOWN_SITE = 14  # participants there who sign on the tablet; the rest and others on paper
ELSEWHERE = 0.03
WROTE_FIRST = 0.15  # of those at the site with the logins: they wrote before they came
REACHABLE = 0.85
ASKS = 0.3
HESITATES = 0.1
WISHES_RESULTS = 0.8
TELLS = 0.3
PROBLEM = {
    "en": ("My throat is sore after the mist.", "Thank you. We looked at it and gave lozenges."),
    "zh-Hans": ("雾化后喉咙痛。", "谢谢告知，我们已查看并给了含片。"),
}
NOWHERE = "participants.invalid"
FAMILY = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴")
GIVEN = ("伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "杰", "丽华", "志明", "秀英", "建国")
LATIN = ("Wei", "Fang", "Na", "Min", "Jing", "Qiang", "Lei", "Yang", "Yan", "Jie")
LATIN_FAMILY = ("Wang", "Li", "Zhang", "Liu", "Chen", "Zhao", "Huang", "Zhou")
QUESTIONS = {
    "en": (
        ("May my family visit me during the ten doses?", "Yes, as on any other day on the ward."),
        ("What happens if I fall ill at home later?", "Call us at any hour. You are treated."),
    ),
    "zh-Hans": (
        ("用药期间家人可以来看我吗？", "可以，和平时住院一样。"),
        ("回家以后不舒服怎么办？", "请随时给我们打电话，我们会负责治疗。"),
    ),
}


@dataclass(slots=True, kw_only=True)
class ConsentDesk(CleaningDesk):
    """A desk at which people sign on a tablet. `shown`: the site whose staff have the logins.

    `signed` are the participants who did, with the language they read; `reachable` those of
    them who gave an address, `wishing` who wants the summary of results; `told` who wrote to the site before they came, as they named
    themselves.
    """

    shown: str
    signed: dict[str, str] = field(default_factory=dict)
    wishing: list[str] = field(default_factory=list)
    reachable: list[str] = field(default_factory=list)
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    def screen(self, *, site: str, **given: Any) -> str:
        """Screen; some were in touch with the site first and are handed over."""
        key = given["key"]
        if site != self.shown or self._chance("wrote", key) >= WROTE_FIRST:
            return super(ConsentDesk, self).screen(site=site, **given)
        person, at, by = self._person(key), given["at"], self.staff["coordinator", site]
        token = self._write(site, key, person, at - timedelta(hours=20))
        read_enquiry(token, by=by, at=at - timedelta(hours=18))
        told = {"by": by, "at": at - timedelta(hours=17)}
        note_call(token, result="reached", key=f"{key}/called", **told)
        answer = QUESTIONS[person["language"]][0][1]
        answer_contact(token, text=answer, key=f"{key}/answered", **told)
        code = hand_over(
            token, on=given["on"], code=self.code_for(site, key), by=by, at=at, key=key
        )
        self.sites[code], self.told[code] = site, person
        return code

    def _write(self, site: str, key: str, person: dict[str, str], at: datetime) -> str:
        wrote = Message(
            study=self.study.protocol.id,
            site=site,
            name=person["name"],
            address=person["address"],
            phone=person["phone"],
            text=QUESTIONS[person["language"]][0][0],
            language=person["language"],
            consent=True,
            fit="fits",
            source="ward" if self._chance("source", key) < 0.5 else "",
        )
        return contact_site(wrote, at=at)

    def consent(self, **given: Any) -> None:
        """On the tablet with everything, or what was signed on paper."""
        code = given["participant"]
        if not self._on_tablet(code):
            super(ConsentDesk, self).consent(**given)
            return
        by = self._user(given["role"], code)
        person = self.told.get(code) or self._person(code)
        capacity = given["signatory"]
        persons = self._persons(code, person, capacity)
        begun = given["signed_at"] - timedelta(minutes=30)
        if self._chance("hesitates", code) < HESITATES:
            first = self._begin(given, persons, person["language"], by, begun, "/first")
            decline(first, by=by, at=begun + timedelta(minutes=8))
            begun += timedelta(minutes=9)
        token = self._begin(given, persons, person["language"], by, begun, "/talk")
        self._talk_through(talk_of(token), code, by, begun)
        self._sign(token, persons[capacity]["name"], given, by)
        self.signed[code] = person["language"]
        if code in self.reachable and self._chance("problem", code) < TELLS:
            day = given["signed_at"].date()
            self._later(code, day, 5, lambda at: self._problem(code, person["language"], at))

    def _problem(self, code: str, language: str, at: datetime) -> None:
        """Something that troubled somebody, told on their own pages and answered the same day."""
        said = PROBLEM.get(language, PROBLEM["en"])
        token = report_problem(code, text=said[0], phone="", urgent=False, at=at)
        by, key = self._user("coordinator", code), f"demo/problem/{code}"
        answer_problem(token, text=said[1], by=by, at=at + timedelta(hours=2), key=key)

    def withdraw(self, *, participant: str, level: Level, **given: Any) -> None:
        """Who has pages of their own asks there first."""
        if participant in self.reachable:
            with suppress(AlreadyWithdrawn):
                wish_to_withdraw(participant, level, at=given["at"])
        super(ConsentDesk, self).withdraw(participant=participant, level=level, **given)

    def _on_tablet(self, code: str) -> bool:
        if not self.study.consents:
            return False
        if self.sites[code] != self.shown:
            return self._chance("tablet", code) < ELSEWHERE
        return sum(self.sites[one] == self.shown for one in self.signed) < AT_SHOWN_SITE

    def _person(self, about: str) -> dict[str, str]:
        languages = self.study.protocol.languages
        chinese = "zh-Hans" in languages and self._chance("speaks", about) < 0.75
        pick = int(10_000 * self._chance("name", about))
        if chinese:
            name = FAMILY[pick % len(FAMILY)] + GIVEN[pick // 7 % len(GIVEN)]
        else:
            family = LATIN_FAMILY[pick // 7 % len(LATIN_FAMILY)]
            name = f"{LATIN[pick % len(LATIN)]} {family}"
        return {
            "name": name,
            "phone": f"+861380000{pick:04d}",
            "address": f"p{pick:04d}.{about[-11:].replace('/', '-').lower()}@{NOWHERE}",
            "language": "zh-Hans" if chinese else languages[0],
        }

    def _persons(self, code: str, person: dict[str, str], capacity: str) -> Persons:
        reached = self._chance("reachable", code) < REACHABLE
        own = {"name": person["name"], "phone": person["phone"]}
        if reached:
            own["address"] = person["address"]
            self.reachable.append(code)
        found: dict[str, dict[str, str]] = {"participant": own}
        if capacity != "participant":
            other = self._person(f"{code}/next of kin")
            relation = "配偶" if person["language"] == "zh-Hans" else "spouse"
            found[capacity] = {"name": other["name"], "relation": relation}
            found["witness"] = {"name": self._person(f"{code}/witness")["name"]}
        return found

    def _begin(
        self,
        given: dict[str, Any],
        persons: Persons,
        language: str,
        by: User,
        at: datetime,
        step: str,
    ) -> str:
        return begin_consent(
            participant=given["participant"],
            mode="bedside",
            capacity=given["signatory"],
            language=language,
            persons=persons,
            by=by,
            at=at,
            key=given["key"] + step,
        )

    def _talk_through(self, talk: Talk, code: str, by: User, at: datetime) -> None:
        """Read every section, answer every question, wrongly first now and then, ask something."""
        token = talk.row.token
        for section in range(len(talk.document.sections)):
            note_read(token, section)
        for number, one in enumerate(talk.document.questions):
            if self._chance("wrong", code, number) < 0.1 and len(one.options) > len(one.right):
                wrong = next(n for n in range(len(one.options)) if n not in one.right)
                answer_question(token, number, wrong)
            answer_question(token, number, one.right[0])
        if self._chance("asks", code) < ASKS:
            said = QUESTIONS.get(talk.row.language, QUESTIONS["en"])
            question, answer = said[int(len(said) * self._chance("which", code))]
            ask(token, question, at=at + timedelta(minutes=20))
            waiting = asked_of(talk)[0].token
            answer_asked(token, waiting, answer, by=by, at=at + timedelta(minutes=21))

    def _sign(self, token: str, name: str, given: dict[str, Any], by: User) -> None:
        code, at = given["participant"], given["signed_at"]
        statements = talk_of(token).document.statements
        wanted = {"results": WISHES_RESULTS, "contact": 0.5}
        wishes = [
            one.wish
            for one in statements
            if one.wish and self._chance(one.wish, code) < wanted.get(one.wish, 0.5)
        ]
        if "results" in wishes and code in self.reachable:
            self.wishing.append(code)
        agreed = [n for n, one in enumerate(statements) if not one.wish]
        sign_as_person(token, name=name, agreed=agreed, wishes=wishes, at=at)
        proof = fresh_factor.grant(by=by, purpose=purpose(token), at=given["at"])
        countersign(
            token, identity="document", proof=proof, by=by, at=given["at"], key=given["key"]
        )
