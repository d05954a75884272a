"""One centre's part of a source: its people, their records, their chains of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from equipoise.exchange.csv.write import Table
from equipoise.exchange.source import (
    EntryLine,
    ParticipantLine,
    SignatureLine,
    SiteLine,
    Source,
    UserLine,
    VersionLine,
)


class OfSite:
    """A `Source` that shows what belongs to one centre, and nothing of another."""

    def __init__(self, whole: Source, site: str) -> None:
        self._whole, self._site = whole, site
        self._codes = frozenset(one.participant for one in whole.participants() if one.site == site)

    def sites(self) -> Iterator[SiteLine]:
        """The centre."""
        return (one for one in self._whole.sites() if one.site == self._site)

    def users(self) -> Iterable[UserLine]:
        """Everybody who may have saved something, by user name."""
        return self._whole.users()

    def participants(self) -> Iterator[ParticipantLine]:
        """The centre's screening log."""
        return (one for one in self._whole.participants() if one.site == self._site)

    def versions(self) -> Iterator[VersionLine]:
        """Every version of every record of the centre."""
        return (one for one in self._whole.versions() if one.site == self._site)

    def seen(self, line: VersionLine) -> str | None:
        """The document of a line as the version of the export reads it."""
        return self._whole.seen(line)

    def entries(self) -> Iterator[EntryLine]:
        """The chains of the centre's participants, each whole, so that each can be verified."""
        return (one for one in self._whole.entries() if one.chain in self._codes)

    def signatures(self, every: Iterable[SignatureLine]) -> Iterator[SignatureLine]:
        """Those on the centre's records."""
        return (one for one in every if one.site == self._site)

    def tables(self, every: Mapping[str, Table]) -> dict[str, Table]:
        """Tables of participants, with the rows of the centre's."""
        return {
            path: (header, (row for row in map(tuple, rows) if row[0] in self._codes))
            for path, (header, rows) in every.items()
        }
