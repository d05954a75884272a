"""What goes over the wire. Names are those of the study folder and of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Said:
    """What a part of an address means; `Field` would lose it to the kind of the part."""

    text: str

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The description, wherever the type is used."""
        return {**handler(core), "description": self.text}


Texts = Annotated[
    dict[str, str],
    Field(description="A text per language", examples=[{"en": "Age", "zh-Hans": "年龄"}]),
]
Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Many = Annotated[int, Field(ge=0, le=2_000_000_000)]

ParticipantCode = Annotated[
    Code, Field(description="Code of a participant", examples=["S01-7GMJZ-QWYHV"])
]
Form = Annotated[Code, Field(description="Id of a form", examples=["vs"])]
Visit = Annotated[
    Code,
    Field(
        description="Id of a visit; `daily`, `dosing` or `log` for forms that lie outside of visits",
        examples=["baseline"],
    ),
]
Number = Annotated[
    Many,
    Field(description="Dose, day or event number; 0 where the form does not repeat", examples=[0]),
]
Site = Annotated[Code, Field(description="Code of a site", examples=["s01"])]
Version = Annotated[Many, Field(description="Versions of a record count from 1", examples=[3])]
Day = Annotated[
    date, Field(description="Date at the site to which the answers belong", examples=["2026-03-02"])
]
Digest = Annotated[
    str, Field(description="SHA-256, hexadecimal", examples=["9f86d081884c7d659a2feaa0c55ad015…"])
]
StudyDigest = Annotated[
    str, Field(description="Digest of the protocol version under which it was saved")
]
Answers = Annotated[
    dict[str, Any],
    Field(description="Answers by item", examples=[{"temp": 36.8, "on_air": True, "spo2": 97}]),
]


class Wrong(Schema):
    """An item that keeps a record from being saved, and why."""

    item: str
    message: str


class Problem(Schema):
    """A refusal: a code for machines, a sentence for people, the items that are wrong, if any."""

    code: str = Field(examples=["refused.invalid-record"])
    message: str = Field(examples=["Form vs was not saved: temp: 368 is above 45. Correct it."])
    problems: list[Wrong] = []


class TokenAnswer(Schema):
    """What the token stands for."""

    label: str = Field(description="What its owner called the program")
    user: str = Field(description="User name of the person in whose name it acts")
    role: str
    site: str | None = Field(description="Null: every site")
    writes: bool = Field(description="False: it only reads")
    until: datetime = Field(description="When it ends")


class FormName(Schema):
    """A form that the token may read."""

    id: Form
    title: Texts
    repeats: bool
    visits: list[str]


class VisitName(Schema):
    """A visit of the schedule."""

    id: str
    title: Texts


class StudyAnswer(Schema):
    """The protocol version that runs here."""

    study: str = Field(description="Id of the study")
    version: str = Field(description="Protocol version", examples=["1.0"])
    digest: Digest
    locked: bool = Field(description="Nothing can be saved any more")
    forms: list[FormName]
    visits: list[VisitName]


class Choice(Schema):
    """A permitted value and its words."""

    code: str
    text: Texts


class Item(Schema):
    """One question of a form. `codes` are its permitted values, where it has a list."""

    id: str
    text: Texts
    type: str = Field(
        description="integer, decimal, text, code, codes, boolean, date, partial-date or datetime"
    )
    unit: str | None
    required: bool
    codes: list[str] | None
    choices: list[Choice] | None = Field(description="`codes` with their words")
    low: float | None
    high: float | None
    derived: bool = Field(description="Computed: it is never sent")


class FormAnswer(Schema):
    """A form and its items, in order."""

    id: Form
    title: Texts
    repeats: bool
    digest: Digest
    study: StudyDigest
    items: list[Item]


class Participant(Schema):
    """One participant by code. There is no name here, and no arm."""

    code: ParticipantCode
    site: Site
    status: str
    screened_on: date | None
    randomised_on: date | None
    doses: int | None = Field(description="Null where the role does not see doses")


class Participants(Schema):
    """A page of participants; `following` goes into `after` for the next one."""

    participants: list[Participant]
    total: int
    following: str | None


class RecordHead(Schema):
    """Where a record stands."""

    participant: ParticipantCode
    form: Form
    visit: Visit
    number: Number
    version: Version
    on: Day
    status: str
    open_queries: int


class RecordAnswer(RecordHead):
    """A record with its answers; `answers` is null where an identifier was removed."""

    answers: Answers | None
    saved_by: str
    saved_at: datetime
    reason: str = Field(description="Why saved answers were changed")
    digest: Digest
    study: StudyDigest


class Given(Schema):
    """What a program sends. A name that is not known is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")


class Save(Given):
    """The whole of a record's answers, to save as its next version. An item left out is unanswered."""

    answers: Annotated[Answers, Field(max_length=2000)]
    on: Day
    reason: Words = Field(default="", description="Needed where a saved answer changes")
    expected: Many = Field(
        description="The version that you saw, 0 for none. If another was saved since: 409"
    )


class Saved(Schema):
    """What was saved; `findings` are `item:code` of checks that ask something."""

    version: Version
    status: str
    findings: list[str]


class Change(Schema):
    """One version of a record, as it was saved: `answers` is null where they were removed."""

    participant: ParticipantCode
    site: Site
    form: Form
    visit: Visit
    number: Number
    version: Version
    on: Day
    answers: Answers | None
    saved_by: str
    saved_at: datetime
    reason: str
    digest: Digest
    study: StudyDigest


class Changes(Schema):
    """Versions in the order in which they were saved; whether more follow at once."""

    changes: list[Change]
    following: datetime | None = Field(description="Goes into `since` of the next call")
    last: str = Field(description="Goes into `after` of the next call")
    more: bool


QueryState = Literal["open", "waiting", "answered", "closed", "all"]
"""`open` has those that wait for an answer (`waiting`) and those that have one (`answered`)."""


class Query(Schema):
    """A question about a record; `state` is open, answered or closed."""

    id: int
    state: Literal["open", "answered", "closed"]
    participant: ParticipantCode
    site: Site
    form: Form
    visit: Visit
    number: Number
    item: str = Field(description="Empty: the whole record")
    code: str = Field(description="The check that asks, or `person`")
    message: Texts
    opened_by: str
    opened_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None


class Turn(Schema):
    """One step of a query; `text` is null where it was removed."""

    what: str
    by: str
    at: datetime
    text: str | None


class Conversation(Query):
    """A query and what was said."""

    turns: list[Turn]


class GivenTurn(Given):
    """One step to take. `confirmed`: somebody has looked at words that might unblind."""

    act: Literal["answer", "close", "reopen"]
    text: Words = ""
    confirmed: bool = False


class Ask(Given):
    """A query to open. `confirmed`: somebody has looked at words that might unblind."""

    participant: ParticipantCode
    form: Form
    visit: Visit
    number: Number = 0
    item: Code = Field(default="", description="Empty: the whole record")
    text: Words
    confirmed: bool = False


class Opened(Schema):
    """The number of a query."""

    query: int
