"""What goes over the wire. Names are those of the study folder and of the pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

Texts = dict[str, str]
"""A text per language: `en`, `zh-Hans`."""

Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")]


Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class Problem(Schema):
    """A refusal: a code for machines, a sentence for people."""

    code: str
    message: str


class FormName(Schema):
    """A form that the token may read."""

    id: str
    title: Texts
    repeats: bool
    visits: list[str]


class VisitName(Schema):
    """A visit of the schedule."""

    id: str
    title: Texts


class StudyAnswer(Schema):
    """The protocol version that runs here."""

    study: str
    version: str
    digest: str
    locked: bool
    forms: list[FormName]
    visits: list[VisitName]


class Item(Schema):
    """One question of a form. `codes` are its permitted values, where it has a list."""

    id: str
    text: Texts
    type: str
    unit: str | None
    required: bool
    codes: list[str] | None
    low: float | None
    high: float | None


class FormAnswer(Schema):
    """A form and its items, in order."""

    id: str
    title: Texts
    repeats: bool
    digest: str
    items: list[Item]


class Participant(Schema):
    """One participant by code. There is no name here, and no arm."""

    code: str
    site: str
    status: str
    screened_on: date | None
    randomised_on: date | None
    doses: int | None


class Participants(Schema):
    """A page of participants; `following` goes into `after` for the next one."""

    participants: list[Participant]
    total: int
    following: str | None


class RecordHead(Schema):
    """Where a record stands."""

    participant: str
    form: str
    visit: str
    number: int
    version: int
    on: date
    status: str
    open_queries: int


class RecordAnswer(RecordHead):
    """A record with its answers; `answers` is null where an identifier was removed."""

    answers: dict[str, Any] | None
    saved_by: str
    saved_at: datetime
    reason: str
    digest: str


class Save(Schema):
    """Answers to save as the next version."""

    answers: dict[str, Any] = Field(max_length=2000)
    on: date
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""
    expected: int | None = Field(default=None, ge=0, le=2_000_000_000)


class Saved(Schema):
    """What was saved; `findings` are `item:code` of checks that ask something."""

    version: int
    status: str
    findings: list[str]


class Change(Schema):
    """One version of a record."""

    participant: str
    form: str
    visit: str
    number: int
    version: int
    on: date
    saved_by: str
    saved_at: datetime
    digest: str


class Changes(Schema):
    """Versions in the order in which they were saved; whether more follow at once."""

    changes: list[Change]
    following: datetime | None
    last: str
    more: bool


QueryState = Literal["open", "waiting", "answered", "closed", "all"]
"""`open` has those that wait for an answer (`waiting`) and those that have one (`answered`)."""


class Query(Schema):
    """A question about a record; `state` is open, answered or closed."""

    id: int
    state: str
    participant: str
    site: str
    form: str
    visit: str
    number: int
    item: str
    code: str
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


class GivenTurn(Schema):
    """One step to take. `confirmed`: somebody has looked at words that might unblind."""

    act: Literal["answer", "close", "reopen"]
    text: Text = ""
    confirmed: bool = False


class Ask(Schema):
    """A query to open."""

    participant: Code
    form: Code
    visit: Code
    number: int = Field(default=0, ge=0, le=2_000_000_000)
    item: Code = ""
    text: Text
    confirmed: bool = False


class Opened(Schema):
    """The number of a query."""

    query: int
