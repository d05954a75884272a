"""What an export reads: lines in the order in which they are written, one at a time.

Instants are text such as `2026-03-01T08:00:00.000000Z`, dates ISO 8601 text, and `data` is
the stored JSON document of a version (None once it was redacted).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol


class ParticipantLine(NamedTuple):
    """One person under a code. What has not happened is None; `stratum` may be empty."""

    participant: str
    site: str
    status: str
    screened_on: str
    consented_at: str | None
    randomised_at: str | None
    randomised_on: str | None
    first_dose_at: str | None
    doses: int
    ended_on: str | None
    kit: str
    stratum: Mapping[str, str]


class VersionLine(NamedTuple):
    """One save of one record. The versions of a record follow each other, counting from 1.

    `status` is that of the record, the same on all its lines; the last line is its newest
    version. `study` is the digest of the protocol under which it was saved.
    """

    participant: str
    site: str
    form: str
    visit: str
    number: int
    version: int
    on: str
    by: str
    at: str
    reason: str
    study: str
    status: str
    data: str | None


class EntryLine(NamedTuple):
    """One entry of the ledger, with its payload as stored and the salt of its digest."""

    chain: str
    sequence: int
    previous: str
    what: str
    by: str
    at: str
    subject: str
    payload_digest: str
    digest: str
    salt: str | None
    data: str | None


class SignatureLine(NamedTuple):
    """One signature on one version of a record; `void_at` and `void_reason` where it does not hold."""

    participant: str
    site: str
    form: str
    visit: str
    number: int
    version: int
    name: str
    by: str
    role: str
    at: str
    digest: str
    meaning: str
    seal: str
    void_at: str | None
    void_reason: str | None


class SiteLine(NamedTuple):
    """A centre that was opened."""

    site: str
    name: str
    timezone: str


class UserLine(NamedTuple):
    """A person who saved something, under the user name."""

    username: str
    full_name: str


class Source(Protocol):
    """Everything of one moment. Each call starts anew; nothing is held in memory."""

    def sites(self) -> Iterable[SiteLine]:
        """Every opened centre, by code."""

    def users(self) -> Iterable[UserLine]:
        """Everybody who may have saved something, by user name."""

    def participants(self) -> Iterable[ParticipantLine]:
        """Everybody on the screening log, by code."""

    def versions(self) -> Iterable[VersionLine]:
        """Every version of every record: by participant, form, visit, number, version."""

    def seen(self, line: VersionLine) -> str | None:
        """The document of a line as the version of the export reads it; `data` where that is it."""

    def entries(self) -> Iterable[EntryLine]:
        """The whole ledger, chain by chain."""


class About(NamedTuple):
    """What an export says about itself.

    `at` is an instant as text; `locked` and `unblinded` likewise, None where not.
    """

    by: str
    at: str
    demo: bool
    locked: str | None
    unblinded: str | None
